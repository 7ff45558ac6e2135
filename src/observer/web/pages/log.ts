// SPDX-License-Identifier: Apache-2.0
/* Log: what the node logs, as it comes; the level of the node and the level that is shown. */
import { notice, searchField, select, toggle } from "../app/controls";
import { type PageFn, processUrl } from "../app/page";
import { toast } from "../app/toast";
import { get, post, withQuery, wordsOf } from "../data/api";
import { clock, count, plural } from "../data/format";
import { listen } from "../data/live";
import type { Log, LogEvent } from "../data/types";
import { h, setText } from "../dom/element";
import { Redraw } from "../dom/frame";
import { KeyedList } from "../dom/keyed";

const LEVELS = [
    "debug",
    "info",
    "notice",
    "warning",
    "error",
    "critical",
    "alert",
    "emergency",
] as const;
const KEPT = 1000;
const SHOWN = 300;

function entry(event: LogEvent): HTMLElement {
    return h(
        "li",
        { class: "log-event", attrs: { "data-level": event.level } },
        h("time", null, clock(event.time_us / 1000)),
        h("span", "log-level", event.level),
        event.pid === null
            ? h("span", "pid")
            : h("a", { class: "pid mono", attrs: { href: processUrl(event.pid) } }, event.pid),
        h("pre", "log-text", event.text),
    );
}

export const logPage: PageFn = (page) => {
    page.title("Log");
    const asked = page.query.get("level") ?? "debug";
    const level = LEVELS.find((one) => one === asked) ?? "debug";
    let events: LogEvent[] = [];
    let filter = page.query.get("filter") ?? "";
    let paused = false;
    let lost = 0;
    let missed = 0;
    const entries = h("ol");
    const list = h(
        "div",
        { class: "log", attrs: { role: "log", "aria-label": "Log", tabindex: 0 } },
        entries,
    );
    const lines = new KeyedList<LogEvent, HTMLElement>(entries, {
        key: (event) => String(event.number),
        create: entry,
    });
    const empty = notice("Nothing has been logged at this level.");
    const more = h("p", { class: "soft log-more", attrs: { hidden: true } });
    page.root.classList.add("filled");
    page.root.append(more, list, empty);

    const redraw = new Redraw(
        () => {
            const want = filter.toLowerCase();
            const shown = events.filter(
                (event) => event.text.toLowerCase().includes(want) || event.pid?.includes(want),
            );
            const atEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 30;
            lines.render(shown.slice(-SHOWN));
            if (atEnd && !paused) list.scrollTop = list.scrollHeight;
            empty.hidden = shown.length > 0;
            more.hidden = shown.length <= SHOWN;
            setText(more, `The latest ${SHOWN} of ${count(shown.length)}.`);
            const words = [plural(shown.length, "event")];
            if (lost > 0) words.push(`${count(lost)} lost`);
            if (missed > 0) words.push(`${count(missed)} came while paused`);
            page.title("Log", words.join(", "));
        },
        page.signal,
        60,
    );

    const load = async (): Promise<void> => {
        try {
            const answer = await get<Log>(
                withQuery("/api/log", { level, limit: KEPT }),
                page.signal,
            );
            events = answer.events;
            nodeLevel.value = answer.level;
            redraw.ask();
        } catch (error) {
            if (!page.signal.aborted) toast(wordsOf(error), "bad");
        }
    };
    const nodeLevel = select(
        "Level of the node",
        [...LEVELS, "none"].map((one) => [one, `node logs ${one}`] as const),
        "debug",
        (value) => {
            post("/api/log/level", { level: value })
                .then(() => toast(`The node logs from ${value} on`))
                .catch((error: unknown) => {
                    toast(wordsOf(error), "bad");
                    void load();
                });
        },
    );
    const pause = toggle("Pause", "pause", false, (on) => {
        paused = on;
        missed = 0;
        if (!on) void load();
    });
    page.tools.append(
        searchField("Filter: text, pid", filter, (text) => {
            filter = text;
            page.remember({ filter: text || null });
            redraw.ask();
        }),
        select(
            "Shown from level",
            LEVELS.map((one) => [one, `show ${one}`] as const),
            level,
            (value) => page.go(withQuery("/log", { level: value, filter })),
        ),
        nodeLevel,
        pause,
    );
    list.addEventListener("keydown", (event) => {
        if (event.key === " ") {
            event.preventDefault();
            pause.click();
        }
    });
    void load();
    listen(
        {
            log: (part) => {
                lost += part.lost;
                if (paused) missed += part.events.length;
                else {
                    const last = events.at(-1)?.number ?? -1;
                    events = [...events, ...part.events.filter((e) => e.number > last)].slice(
                        -KEPT,
                    );
                }
                redraw.ask();
            },
        },
        page.signal,
        { query: { level }, again: () => void load() },
    );
};
