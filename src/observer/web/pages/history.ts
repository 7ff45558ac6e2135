// SPDX-License-Identifier: Apache-2.0
/* History: the tree as it stood at any moment that the node remembers, and replay from there. */
import { iconButton, select } from "../app/controls";
import { type PageContext, type PageFn, processUrl } from "../app/page";
import { toast } from "../app/toast";
import { wordsOf } from "../data/api";
import { ago, clock, count, date, plural } from "../data/format";
import { listen } from "../data/live";
import type { TreeEvent } from "../data/types";
import { h, icon, setText } from "../dom/element";
import { every, Redraw } from "../dom/frame";
import { KeyedList } from "../dom/keyed";
import { Player } from "../replay/player";
import { Timeline } from "../replay/timeline";
import { TreeView } from "../tree/view";
import { eventKind, eventName, eventPid, eventWords } from "./parts";

const SPANS = [
    ["60", "last minute"],
    ["300", "last 5 minutes"],
    ["900", "last 15 minutes"],
    ["3600", "last hour"],
] as const;
const SPEEDS = [
    ["0.1", "10 × slower"],
    ["0.25", "4 × slower"],
    ["1", "as it was"],
    ["4", "4 × faster"],
    ["20", "20 × faster"],
] as const;
/* Events listed before and after the moment that is shown. */
const BEFORE = 40;
const AFTER = 12;

const isCrash = (event: TreeEvent): boolean => eventKind(event) === "crash";

class HistoryPage {
    private readonly player: Player;
    private readonly timeline: Timeline;
    private readonly tree = new TreeView({
        label: "The tree at that moment",
        onOpen: (node) => node.pid && this.page.go(processUrl(node.pid)),
    });
    private readonly moment = h("output", "moment");
    private readonly words = h("span", "soft");
    private readonly play = h("button", { class: "button primary", attrs: { type: "button" } });
    private readonly list = h("ol", { class: "history-events" });
    private readonly lines: KeyedList<TreeEvent, HTMLElement>;
    private readonly redraw: Redraw;
    private readonly redrawSlow: Redraw;
    private span: number;
    private frame = 0;

    constructor(private readonly page: PageContext) {
        const { signal, query } = page;
        const asked = query.get("span") ?? "300";
        this.span = SPANS.some(([value]) => value === asked) ? Number(asked) : 300;
        this.player = new Player(
            () => this.changed(),
            (error) => {
                if (!signal.aborted) toast(wordsOf(error), "bad");
            },
            signal,
        );
        this.player.speed = 0.25;
        this.timeline = new Timeline((at, done) => this.moveTo(at, done), signal);
        this.lines = new KeyedList<TreeEvent, HTMLElement>(this.list, {
            key: (event) => String(event.number),
            create: (event) => this.line(event),
            update: (line, event) => {
                const index = this.player.events[this.player.position - 1];
                line.classList.toggle("here", event === index);
                line.classList.toggle("later", index ? event.number > index.number : true);
            },
        });
        this.redraw = new Redraw(() => this.draw(), signal, 90);
        this.redrawSlow = new Redraw(() => this.drawEvents(), signal, 300);
    }

    start(): void {
        const { page } = this;
        page.title("History");
        page.root.classList.add("history");
        this.play.addEventListener("click", () => this.playOrPause());
        page.root.append(
            h(
                "div",
                "history-head",
                h("div", "history-moment", this.moment, this.words),
                this.controls(),
            ),
            this.timeline.element,
            h("div", "tree-stage", this.tree.element),
            h("aside", { class: "history-side", attrs: { "aria-label": "Events" } }, this.list),
        );
        page.tools.append(
            select("Span", SPANS, String(this.span), (value) => {
                this.span = Number(value);
                page.remember({ span: value });
                this.changed();
            }),
        );
        page.root.addEventListener("keydown", (event) => {
            if (event.key !== " " || event.target instanceof HTMLButtonElement) return;
            event.preventDefault();
            this.playOrPause();
        });
        void this.begin();
        listen({ tree: ({ events }) => this.player.append(events) }, page.signal, {
            again: () => void this.player.load(),
        });
        every(200, page.signal, () => {
            this.player.model.expire(performance.now());
            if (this.player.loaded && this.player.at === null)
                this.player.to = Math.max(this.player.to, this.now());
            this.changed();
        });
        page.signal.addEventListener("abort", () => cancelAnimationFrame(this.frame));
    }

    /* Shows the moment of the URL; with `before` the one before that process ended. */
    private async begin(): Promise<void> {
        const { query } = this.page;
        const at = Number(query.get("at"));
        const pid = query.get("before");
        await this.player.load(at > 0 ? at : null);
        this.tree.render(this.player.model.root);
        this.tree.fitWidth();
        const end = this.player.events.find((event) => event.event === "exit" && event.pid === pid);
        if (!end) return;
        this.page.remember({ at: String(end.time_us - 1), before: null });
        await this.player.show(end.time_us - 1);
        this.reveal(end);
    }

    /* Brings the process of an event into sight. */
    private reveal(event: TreeEvent): void {
        this.tree.render(this.player.model.root);
        const node = this.player.model.find(eventPid(event));
        if (node) this.tree.select(node);
    }

    private controls(): HTMLElement {
        const { player } = this;
        const all = (): boolean => true;
        return h(
            "div",
            { class: "button-group", attrs: { role: "group", "aria-label": "Replay" } },
            iconButton("The crash before", "crashes", () => void this.step(-1, isCrash)),
            iconButton("One event back", "back", () => void this.step(-1, all)),
            this.play,
            iconButton("One event on", "step", () => void this.step(1, all)),
            select(
                "Speed",
                SPEEDS,
                String(player.speed),
                (value) => (player.speed = Number(value)),
            ),
            h(
                "button",
                {
                    class: "button",
                    attrs: { type: "button" },
                    on: { click: () => this.toNow() },
                },
                icon("play"),
                h("span", null, "Now"),
            ),
        );
    }

    private readonly begun = { at: 0, clock: performance.now() };

    /* The node's now, from the latest moment that it told. */
    private now(): number {
        const { begun, player } = this;
        if (player.to > begun.at) {
            begun.at = player.to;
            begun.clock = performance.now();
        }
        return begun.at + (performance.now() - begun.clock) * 1000;
    }

    private moveTo(at: number, done: boolean): void {
        this.player.playing = false;
        void this.player.show(at);
        if (done) this.page.remember({ at: String(Math.round(at)) });
    }

    private async jump(event: TreeEvent): Promise<void> {
        this.player.playing = false;
        await this.player.show(event.time_us);
        this.page.remember({ at: String(event.time_us) });
        this.reveal(event);
    }

    private toNow(): void {
        this.player.playing = false;
        this.page.remember({ at: null });
        void this.player.load(null);
    }

    private async step(direction: 1 | -1, wanted: (event: TreeEvent) => boolean): Promise<void> {
        const event = await this.player.step(direction, wanted);
        if (event) this.reveal(event);
        const { at } = this.player;
        this.page.remember({ at: at === null ? null : String(at) });
    }

    private playOrPause(): void {
        const { player } = this;
        if (player.at === null) return void this.step(-1, isCrash);
        player.playing = !player.playing;
        if (player.playing) this.run(performance.now());
        else this.page.remember({ at: String(Math.round(player.at)) });
        this.changed();
    }

    private run(last: number): void {
        this.frame = requestAnimationFrame((now) => {
            if (this.player.advance(now - last)) this.run(now);
        });
    }

    private line(event: TreeEvent): HTMLElement {
        return h(
            "li",
            `event ${eventKind(event)}`,
            h(
                "button",
                {
                    class: "event-button",
                    attrs: { type: "button" },
                    on: { click: () => void this.jump(event) },
                },
                h("time", null, clock(event.time_us / 1000)),
                h("b", "mono", eventName(event)),
                h("span", null, eventWords(event)),
            ),
        );
    }

    private changed(): void {
        this.redraw.ask();
        this.redrawSlow.ask();
    }

    private draw(): void {
        const { player } = this;
        const at = player.at ?? player.to;
        this.timeline.place(player.wanted ?? player.to);
        this.tree.render(player.model.root);
        this.drawWords(at);
        const label = player.playing ? "Pause" : player.at === null ? "Replay the crash" : "Play";
        if (this.play.textContent !== label) {
            const sign = icon(player.playing ? "pause" : "play");
            this.play.replaceChildren(sign, h("span", null, label));
        }
    }

    /* What costs more and needs no more than a few pictures a second. */
    private drawEvents(): void {
        const { player } = this;
        const { to } = player;
        if (!player.loaded) return;
        const from = Math.max(Math.min(player.from, to - 1e6), to - this.span * 1e6);
        this.timeline.set(player.events, Math.min(from, player.wanted ?? to), to);
        this.timeline.place(player.wanted ?? to);
        this.lines.render(
            player.events.slice(Math.max(0, player.position - BEFORE), player.position + AFTER),
        );
        const here = this.list.querySelector<HTMLElement>(".here");
        if (here && !this.list.matches(":hover, :focus-within"))
            this.list.scrollTop = here.offsetTop - this.list.clientHeight * 0.6;
    }

    private drawWords(at: number): void {
        const { player } = this;
        this.moment.dataset["now"] = String(player.at === null);
        setText(this.moment, player.at === null ? "now" : date(at / 1000));
        const parts = [plural(player.model.size, "process", "processes")];
        if (player.at !== null) parts.unshift(ago((player.to - at) / 1000));
        if (!player.complete) parts.push("the history does not reach back so far");
        if (player.lost > 0) parts.push(`${count(player.lost)} events lost`);
        setText(this.words, parts.join(", "));
        this.page.title("History", plural(player.events.length, "event"));
    }
}

export const historyPage: PageFn = (page) => new HistoryPage(page).start();
