// SPDX-License-Identifier: Apache-2.0
/* A sequence diagram that grows downwards: a life line for each chosen process, one more at the
 * left for everybody else, an arrow for each message. */
import { nameOf } from "../app/controls";
import { processUrl } from "../app/page";
import { clock } from "../data/format";
import type { ProcessRef, TraceMessage } from "../data/types";
import { h, s } from "../dom/element";
import { KeyedList } from "../dom/keyed";
import { messageWords } from "./words";

export const KEPT = 300;
const COLUMN_LEAST = 190;
const COLUMN_MOST = 330;
const LEFT = 104;
const ROW = 40;
/* Where the arrow is within a row. */
const LINE = 29;

function shortened(text: string): string {
    return text.length > 120 ? `${text.slice(0, 118)}…` : text;
}

export class SequenceDiagram {
    readonly element: HTMLElement;
    private readonly head = h("div", "sequence-head");
    private readonly rows = h("ol", "sequence-rows");
    private readonly lines: KeyedList<TraceMessage, HTMLElement>;
    private columns: ProcessRef[] = [];
    private column = COLUMN_LEAST;
    private version = 0;

    constructor() {
        this.element = h(
            "div",
            {
                class: "sequence",
                attrs: { role: "log", tabindex: 0, "aria-label": "Messages" },
            },
            this.head,
            this.rows,
        );
        this.lines = new KeyedList<TraceMessage, HTMLElement>(this.rows, {
            key: (message) => `${this.version}:${message.number}`,
            create: (message) => this.row(message),
        });
    }

    /* The chosen processes, in the order of their life lines. */
    setProcesses(processes: readonly ProcessRef[]): void {
        this.columns = [...processes];
        this.version++;
        const share = (this.element.clientWidth - LEFT) / (processes.length + 1);
        this.column = Math.round(Math.max(COLUMN_LEAST, Math.min(COLUMN_MOST, share)));
        this.rows.style.minWidth = `${this.width()}px`;
        this.head.style.minWidth = `${this.width()}px`;
        const heads = processes.map((process, i) =>
            this.headOf(
                i + 1,
                h(
                    "a",
                    { class: "mono", attrs: { href: processUrl(process.pid) } },
                    nameOf(process),
                ),
                process.name === null ? "" : process.pid,
            ),
        );
        this.head.replaceChildren(this.headOf(0, h("span", "soft", "others"), ""), ...heads);
        const lifelines = s("svg", {
            class: "lifelines",
            width: this.width(),
            "aria-hidden": "true",
        });
        for (let i = 0; i <= processes.length; i++) {
            lifelines.append(
                s("line", {
                    x1: this.x(i),
                    x2: this.x(i),
                    y1: 0,
                    y2: "100%",
                    class: i ? "" : "others",
                }),
            );
        }
        this.element.querySelector(".lifelines")?.remove();
        this.element.append(lifelines);
    }

    render(messages: readonly TraceMessage[]): void {
        const { element } = this;
        const atEnd = element.scrollTop + element.clientHeight >= element.scrollHeight - 60;
        this.lines.render(messages.slice(-KEPT));
        const lifelines = element.querySelector(".lifelines");
        const height = Math.max(this.rows.offsetHeight + 40, element.clientHeight - 48);
        lifelines?.setAttribute("height", String(height));
        if (atEnd) element.scrollTop = element.scrollHeight;
    }

    private width(): number {
        return LEFT + this.column * (this.columns.length + 1);
    }

    private x(column: number): number {
        return LEFT + this.column * (column + 0.5);
    }

    private headOf(column: number, title: HTMLElement, pid: string): HTMLElement {
        const head = h("div", "sequence-title", title, h("span", "pid", pid));
        head.style.left = `${this.x(column)}px`;
        return head;
    }

    private columnOf(process: ProcessRef | null): number {
        return 1 + this.columns.findIndex((one) => one.pid === process?.pid);
    }

    private row(message: TraceMessage): HTMLElement {
        const from = this.columnOf(message.from);
        const to = this.columnOf(message.to);
        const sender = message.from ? nameOf(message.from) : "unknown";
        const { verb, rest } = messageWords(message.term.text);
        const label = h("span", "sequence-label", h("b", null, verb), shortened(rest));
        const self = from === to;
        const left = Math.min(this.x(from), this.x(to));
        const room = self ? this.column - 20 : Math.abs(this.x(from) - this.x(to)) - 16;
        label.style.left = `${left + 8}px`;
        label.style.width = `${Math.max(room, this.column - 16)}px`;
        label.title = `${sender} → ${nameOf(message.to)}\n${message.term.text}`;
        const hidden = h("span", "hidden", `${sender} to ${nameOf(message.to)}, ${message.kind}: `);
        return h(
            "li",
            { class: "sequence-row", attrs: { "data-kind": message.kind } },
            h("time", null, clock(message.time_us / 1000)),
            hidden,
            label,
            this.arrow(this.x(from), this.x(to)),
        );
    }

    private arrow(from: number, to: number): SVGSVGElement {
        const tip = to === from ? 0 : Math.sign(to - from);
        const back = to - tip * 8;
        const across = `M${from} ${LINE}H${to - tip * 2}`;
        const head = `M${back} ${LINE - 4}L${to - tip} ${LINE}L${back} ${LINE + 4}`;
        /* To itself: out to the right and back. */
        const round = `M${from} ${LINE - 5}h26v9H${from + 3}`;
        const roundHead = `M${from + 9} ${LINE}L${from + 2} ${LINE + 4}L${from + 9} ${LINE + 8}`;
        const shape = tip ? across + head : round + roundHead;
        return s(
            "svg",
            { class: "sequence-arrow", width: this.width(), height: ROW, "aria-hidden": "true" },
            s("path", { d: shape }),
        );
    }
}
