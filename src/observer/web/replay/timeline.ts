// SPDX-License-Identifier: Apache-2.0
/* The time line: what started, ended and crashed, each as a stroke, with a slider over it. The
 * slider is the browser's own, so it is moved by mouse, finger and keys and known to readers. */
import { colour, onTheme } from "../app/theme";
import { clock } from "../data/format";
import type { TreeEvent } from "../data/types";
import { h, setText } from "../dom/element";
import { eventKind } from "../pages/parts";

const HEIGHT = 64;
/* From the middle line, births go up, deaths down, crashes far down. */
const STROKES = {
    start: { colour: "curve-1", up: 16 },
    regrown: { colour: "curve-2", up: 22 },
    restart: { colour: "curve-2", up: 8 },
    exit: { colour: "ink-soft", up: -12 },
    crash: { colour: "curve-5", up: -24 },
} as const;
/* The later ones are drawn over the others. */
const KINDS = ["exit", "start", "restart", "regrown", "crash"] as const;

export class Timeline {
    readonly element: HTMLElement;
    private readonly canvas = h("canvas", { attrs: { "aria-hidden": "true" } });
    private readonly slider: HTMLInputElement;
    private readonly labels = h("div", {
        class: "timeline-labels",
        attrs: { "aria-hidden": "true" },
    });
    private from = 0;
    private to = 0;
    private events: readonly TreeEvent[] = [];

    constructor(onMove: (at: number, done: boolean) => void, signal: AbortSignal) {
        this.slider = h("input", {
            class: "timeline-slider",
            attrs: { type: "range", min: 0, max: 100000, "aria-label": "Moment" },
            on: {
                input: () => onMove(this.moment(), false),
                change: () => onMove(this.moment(), true),
            },
        });
        this.element = h("div", "timeline", this.canvas, this.slider, this.labels);
        onTheme(signal, () => this.draw());
        const observer = new ResizeObserver(() => this.draw());
        observer.observe(this.element);
        signal.addEventListener("abort", () => observer.disconnect());
    }

    /* Shows the events between two moments. */
    set(events: readonly TreeEvent[], from: number, to: number): void {
        this.events = events;
        this.from = from;
        this.to = Math.max(to, from + 1);
        this.draw();
    }

    /* Puts the slider to a moment; its end is now, also while nothing is known yet. */
    place(at: number): void {
        const part = at < this.to ? (at - this.from) / (this.to - this.from) : 1;
        this.slider.value = String(Math.round(100000 * part));
        this.slider.setAttribute("aria-valuetext", clock(at / 1000));
    }

    private moment(): number {
        return this.from + ((this.to - this.from) * this.slider.valueAsNumber) / 100000;
    }

    private draw(): void {
        const width = this.element.clientWidth;
        const context = this.canvas.getContext("2d");
        if (!context || width === 0) return;
        const scale = window.devicePixelRatio || 1;
        this.canvas.width = width * scale;
        this.canvas.height = HEIGHT * scale;
        context.scale(scale, scale);
        const middle = 36;
        context.fillStyle = colour("line");
        context.fillRect(0, middle, width, 1);
        this.drawStrokes(context, width, middle);
        this.drawLabels();
    }

    /* One stroke for all events of a kind that fall on the same point. */
    private drawStrokes(context: CanvasRenderingContext2D, width: number, middle: number): void {
        const points = {} as Record<keyof typeof STROKES, Set<number>>;
        for (const kind of KINDS) points[kind] = new Set();
        const scale = width / (this.to - this.from);
        for (let i = this.events.length - 1; i >= 0; i--) {
            const event = this.events[i]!;
            if (event.time_us < this.from) break;
            points[eventKind(event)].add(Math.round((event.time_us - this.from) * scale));
        }
        for (const kind of KINDS) {
            const { colour: name, up } = STROKES[kind];
            const wide = kind === "crash" ? 2.5 : 1.5;
            context.fillStyle = colour(name);
            for (const x of points[kind]) {
                context.fillRect(
                    x - wide / 2,
                    up > 0 ? middle - up : middle + 1,
                    wide,
                    Math.abs(up),
                );
            }
        }
    }

    private drawLabels(): void {
        const marks = 6;
        while (this.labels.children.length <= marks) this.labels.append(h("span"));
        for (let i = 0; i <= marks; i++) {
            const at = this.from + ((this.to - this.from) * i) / marks;
            setText(this.labels.children[i]!, clock(at / 1000, false));
        }
    }
}
