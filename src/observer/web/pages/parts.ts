// SPDX-License-Identifier: Apache-2.0
/* What several pages share: stacks and events as lists. */
import { notice } from "../app/controls";
import { processUrl } from "../app/page";
import { clock } from "../data/format";
import type { Frame, TreeEvent } from "../data/types";
import { h } from "../dom/element";

export function frameList(frames: readonly Frame[]): HTMLElement {
    const items = frames.map((frame) =>
        h(
            "li",
            null,
            h("code", null, frame.function ?? frame.address ?? "?"),
            frame.file
                ? h("span", "frame-place", `${frame.file}${frame.line ? `:${frame.line}` : ""}`)
                : null,
        ),
    );
    return h("ol", "frames", ...items);
}

/* What kind of thing happened, for its colour and its word. */
export function eventKind(event: TreeEvent): "start" | "regrown" | "exit" | "crash" | "restart" {
    if (event.event === "start") return event.replaces === null ? "start" : "regrown";
    if (event.event === "exit") return event.abnormal ? "crash" : "exit";
    return event.event === "gave_up" ? "crash" : "restart";
}

/* The event in words, without its process. */
export function eventWords(event: TreeEvent): string {
    switch (event.event) {
        case "start":
            return event.replaces === null ? "started" : `started in place of ${event.replaces}`;
        case "exit":
            return `ended: ${event.reason.text}`;
        case "restart": {
            const delay = event.delay_ms > 0 ? ` in ${event.delay_ms} ms` : "";
            return `to be restarted${delay} (${event.restarts} of ${event.max_restarts})`;
        }
        case "gave_up":
            return `gave up on ${event.id ?? "a child"}`;
    }
}

/* Whom it happened to. */
export function eventPid(event: TreeEvent): string {
    return event.event === "gave_up" ? event.supervisor : event.pid;
}

export function eventName(event: TreeEvent): string {
    if (event.event === "start" || event.event === "exit") return event.name ?? event.pid;
    return event.id ?? eventPid(event);
}

/* The latest first. */
export function eventList(events: readonly TreeEvent[]): HTMLElement {
    if (events.length === 0) return notice("None is known.");
    const items = events
        .toReversed()
        .map((event) =>
            h(
                "li",
                `event ${eventKind(event)}`,
                h("time", null, clock(event.time_us / 1000)),
                h(
                    "a",
                    { class: "mono", attrs: { href: processUrl(eventPid(event)) } },
                    eventName(event),
                ),
                h("span", null, eventWords(event)),
            ),
        );
    return h("ol", "events", ...items);
}
