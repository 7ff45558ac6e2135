// SPDX-License-Identifier: Apache-2.0
/* One node of the tree on the screen. */
import { bytes, count, duration } from "../data/format";
import { h, icon, setAttr, setText } from "../dom/element";
import type { Placed } from "./layout";
import { type Intensity, MARK_MS, type Node, nodeTitle } from "./model";

const PIPS_MAX = 5;

/* The restarts that still count now. */
export function restartsNow(intensity: Intensity, now: number): number {
    const oldest = now - intensity.seconds * 1000;
    return intensity.restarts.filter((at) => at > oldest).length;
}

/* Restart intensity as pips: one for each restart that is allowed within the window. */
function drawPips(pips: HTMLElement, intensity: Intensity, restarts: number): void {
    const shown = Math.min(intensity.max, PIPS_MAX);
    while (pips.children.length < shown) pips.append(h("i"));
    while (pips.children.length > shown) pips.lastChild?.remove();
    const full = intensity.max <= PIPS_MAX ? restarts : (restarts / intensity.max) * PIPS_MAX;
    for (let i = 0; i < shown; i++) {
        pips.children[i]!.classList.toggle("on", i < full);
    }
    pips.classList.toggle("spent", restarts >= intensity.max);
}

/* The second line of a supervisor. */
export function intensityWords(intensity: Intensity, restarts: number): string {
    return `${restarts} of ${intensity.max} restarts in ${intensity.seconds} s`;
}

/* What a screen reader says. */
function spoken(node: Node, now: number): string {
    const parts = [nodeTitle(node), node.kind];
    if (node.pid && node.name) parts.push(node.pid);
    if (node.ended) parts.push("ended");
    else if (node.state !== "running") parts.push(node.state);
    else if (node.status === "suspended") parts.push("suspended");
    if (node.kind === "supervisor") parts.push(`${node.count} children`);
    if (node.intensity)
        parts.push(intensityWords(node.intensity, restartsNow(node.intensity, now)));
    return parts.join(", ");
}

function stateWords(node: Node, now: number): string {
    if (node.ended) return "ended";
    if (node.state === "restarting") {
        return node.nextStart === null
            ? "restarting"
            : `in ${duration(Math.max(0, node.nextStart - now))}`;
    }
    if (node.state === "stopped") return "stopped";
    if (node.busy) return "busy";
    if (node.queue > 0) return `${count(node.queue)} queued`;
    /* A process that has just been asked for its children is runnable: no news. */
    if (node.status && node.status !== "waiting" && node.status !== "runnable") return node.status;
    return "";
}

function tooltip(node: Node): string {
    const lines = [nodeTitle(node)];
    if (node.pid) lines.push(`#PID<${node.pid}>`);
    if (node.module) lines.push(node.module);
    if (node.restart) lines.push(node.restart);
    if (node.memory) lines.push(bytes(node.memory));
    if (node.reason) lines.push(`ended: ${node.reason}`);
    return lines.join("\n");
}

export class NodeView {
    readonly element: HTMLElement;
    private readonly title = h("span", "node-title");
    private readonly pid = h("span", "node-pid");
    private readonly state = h("span", "node-state");
    private readonly strategy = h("span", "node-strategy");
    private readonly pips = h("span", "pips");
    private readonly total = h("span", "node-total");
    private readonly fold = h("span", "node-fold");
    private kind = "";

    constructor(id: string) {
        this.element = h("div", { class: "node", attrs: { id, role: "treeitem" } });
    }

    draw(placed: Placed, folded: boolean, now: number): void {
        const { node } = placed;
        const kind = placed.more ? "more" : node.kind;
        if (kind !== this.kind) this.build(kind);
        const style = this.element.style;
        style.transform = `translate(${placed.x}px, ${placed.y}px)`;
        style.width = `${placed.width}px`;
        style.height = `${placed.height}px`;
        setAttr(this.element, "aria-level", String(placed.depth + 1));
        setAttr(this.element, "aria-posinset", String(placed.position));
        setAttr(this.element, "aria-setsize", String(placed.siblings));
        if (placed.more) this.drawMore(placed);
        else this.drawNode(node, folded, now);
    }

    private build(kind: string): void {
        this.kind = kind;
        this.element.className = `node ${kind}`;
        if (kind === "worker") {
            this.element.replaceChildren(h("i", "node-mark"), this.title, this.pid, this.state);
        } else if (kind === "more") {
            this.element.replaceChildren(this.title);
        } else {
            this.element.replaceChildren(
                h("i", "node-mark"),
                h("div", "node-line", this.title, this.pid, this.state),
                h("div", "node-line small", this.strategy, this.pips, this.total),
                this.fold,
            );
        }
    }

    private drawMore(placed: Placed): void {
        const words = `${count(placed.more)} more`;
        setText(this.title, words);
        setAttr(this.element, "aria-label", `${words} below ${nodeTitle(placed.node)}`);
    }

    private drawNode(node: Node, folded: boolean, now: number): void {
        const { element } = this;
        const title = nodeTitle(node);
        setText(this.title, title);
        setText(this.pid, node.pid !== null && node.pid !== title ? node.pid : "");
        setText(this.state, stateWords(node, now));
        const fresh = node.born > 0 && now - node.born < MARK_MS && !node.ended;
        const list = element.classList;
        list.toggle("new", fresh && !node.regrown);
        list.toggle("regrown", fresh && node.regrown);
        list.toggle("ended", node.ended > 0);
        list.toggle("restarting", node.state === "restarting");
        list.toggle("stopped", node.state === "stopped");
        list.toggle("suspended", node.status === "suspended");
        list.toggle("queued", node.queue > 0);
        setAttr(element, "title", tooltip(node));
        setAttr(element, "data-pid", node.pid ?? "");
        setAttr(element, "data-name", node.name ?? "");
        setAttr(element, "aria-label", spoken(node, now));
        if (node.kind !== "worker") this.drawSupervisor(node, folded, now);
    }

    private drawSupervisor(node: Node, folded: boolean, now: number): void {
        const { intensity } = node;
        const words = node.kind === "application" ? node.label : intensity?.strategy;
        setText(this.strategy, words ?? "supervisor");
        this.pips.hidden = !intensity;
        this.total.hidden = !intensity || intensity.total === 0;
        if (intensity) {
            const restarts = restartsNow(intensity, now);
            drawPips(this.pips, intensity, restarts);
            this.pips.title = intensityWords(intensity, restarts);
            setText(this.total, `↻ ${count(intensity.total)}`);
            this.total.title = `${count(intensity.total)} restarts since it started`;
            setAttr(this.element, "data-restarts", String(intensity.total));
        }
        setAttr(this.element, "aria-expanded", String(!folded));
        this.element.classList.toggle("folded", folded);
        if (this.fold.childElementCount === 0) this.fold.append(h("b"), icon("chevron"));
        setText(this.fold.firstElementChild!, node.count > 0 ? count(node.count) : "");
        this.fold.hidden = node.count === 0 && node.children.length === 0;
    }
}
