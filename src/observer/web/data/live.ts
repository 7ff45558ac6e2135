// SPDX-License-Identifier: Apache-2.0
/* The stream of live data: one for a page, opened with the topics that the page shows and closed
 * when the viewer leaves it, so that the node samples nothing that nobody looks at. */
import { forgetSession } from "./api";
import type { StreamEvents } from "./types";

export type Handlers = { [Name in keyof StreamEvents]?: (data: StreamEvents[Name]) => void };

export type LiveState = "connecting" | "live" | "lost";

const TOPIC_OF: Partial<Record<keyof StreamEvents, string>> = { crash: "crashes" };

let state: LiveState = "connecting";
const watchers = new Set<(state: LiveState) => void>();

function setState(next: LiveState): void {
    if (next === state) return;
    state = next;
    for (const watcher of watchers) watcher(state);
}

/* Tells of the connection: at once, and at each change. */
export function onLiveState(watcher: (state: LiveState) => void): void {
    watchers.add(watcher);
    watcher(state);
}

export interface LiveOptions {
    /* Further parameters of the stream. */
    query?: Record<string, string>;
    /* Is called when the stream is there again after a break: what was missed must be asked for. */
    again?: () => void;
}

/* Opens the stream for the topics that have a handler, until `signal` aborts. While the tab is
 * hidden there is no stream: browsers allow few connections to one server. */
export function listen(handlers: Handlers, signal: AbortSignal, options: LiveOptions = {}): void {
    const names = Object.keys(handlers) as (keyof StreamEvents)[];
    const topics = names.filter((name) => name !== "hello").map((name) => TOPIC_OF[name] ?? name);
    const params = new URLSearchParams(options.query).toString();
    const url = `/api/events?topics=${topics.join(",")}${params && `&${params}`}`;
    let source: EventSource | null = null;
    let retry = 0;
    let before = false;

    const close = (): void => {
        clearTimeout(retry);
        source?.close();
        source = null;
    };
    const connect = (): void => {
        close();
        source = new EventSource(url);
        source.addEventListener("error", broken);
        source.addEventListener("hello", () => {
            setState("live");
            if (before) options.again?.();
            before = true;
        });
        for (const name of names) {
            source.addEventListener(name, (event: MessageEvent<string>) => {
                const handler = handlers[name] as (data: unknown) => void;
                handler(JSON.parse(event.data));
            });
        }
    };
    /* The browser connects anew by itself unless the answer was no stream; then we do. */
    const broken = (): void => {
        setState("lost");
        forgetSession();
        if (source?.readyState !== EventSource.CLOSED) return;
        clearTimeout(retry);
        retry = window.setTimeout(connect, 1000);
    };
    document.addEventListener("visibilitychange", () => (document.hidden ? close() : connect()), {
        signal,
    });
    signal.addEventListener("abort", close);
    if (!document.hidden) connect();
}
