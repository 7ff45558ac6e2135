// SPDX-License-Identifier: Apache-2.0
/* The tree on the screen: draws what is in sight, folds, zooms, and is moved in with the keys of a
 * tree (arrows, Home, End, Enter, Shift+F10). Knows nothing of the node; the page feeds it. */
import { asksForMenu } from "../app/menu";
import { h, s, setAttr } from "../dom/element";
import { KeyedList } from "../dom/keyed";
import { edges, type Layout, layout, type Placed } from "./layout";
import type { Node } from "./model";
import { NodeView } from "./node";

/* So many children of one supervisor are shown until the viewer asks for more. */
export const SHOWN = 60;
const STEP = 200;
const MARGIN = 200;
const ZOOMS = [0.25, 0.35, 0.5, 0.65, 0.8, 1, 1.25, 1.5, 2];

export interface TreeOptions {
    label: string;
    onSelect?: (node: Node | null) => void;
    onOpen?: (node: Node) => void;
    onMenu?: (node: Node, at: { x: number; y: number }) => void;
    /* The viewer wants to see more children than are loaded. */
    onMore?: (node: Node, shown: number) => void;
}

let nextId = 0;

export class TreeView {
    readonly element: HTMLElement;
    /* Pairs of pids between which a second kind of line is drawn. */
    relations: { from: string; to: string; kind: "link" | "monitor" }[] = [];
    private readonly canvas = h("div", { class: "tree-canvas", attrs: { role: "presentation" } });
    private readonly space = h("div", { class: "tree-space", attrs: { role: "presentation" } });
    private readonly lines = s("path", { class: "tree-lines" });
    private readonly related = s("g", { class: "tree-related" });
    private readonly nodes: KeyedList<Placed, HTMLElement>;
    private readonly views = new WeakMap<HTMLElement, NodeView>();
    private readonly placedOf = new WeakMap<HTMLElement, Placed>();
    private readonly folds = new Map<string, boolean>();
    private readonly shown = new Map<string, number>();
    private readonly widths: number[] = [];
    private readonly id = `tree-${nextId++}`;
    private root: Node | null = null;
    private laid: Layout = { placed: [], width: 0, height: 0 };
    private selected = "";
    private matches: ((node: Node) => boolean) | null = null;
    private zoom = 1;

    constructor(private readonly options: TreeOptions) {
        const layer = h("div", { class: "tree-nodes", attrs: { role: "presentation" } });
        const drawing = s("svg", { class: "tree-edges", "aria-hidden": "true" });
        drawing.append(this.lines, this.related);
        this.canvas.append(drawing, layer);
        this.space.append(this.canvas);
        this.element = h(
            "div",
            {
                class: "tree",
                attrs: { role: "tree", tabindex: 0, "aria-label": options.label },
                on: {
                    scroll: () => this.drawSight(),
                    keydown: (event) => this.keydown(event),
                    wheel: (event) => this.wheel(event),
                    click: (event) => this.click(event),
                    dblclick: (event) => this.doubleClick(event),
                    contextmenu: (event) => this.contextMenu(event),
                },
            },
            this.space,
        );
        this.nodes = new KeyedList<Placed, HTMLElement>(layer, {
            key: (placed) => placed.key,
            create: (placed) => {
                const view = new NodeView(this.idOf(placed.key));
                this.views.set(view.element, view);
                return view.element;
            },
            update: (element, placed) => this.drawNode(element, placed),
        });
        new ResizeObserver(() => this.drawSight()).observe(this.element);
    }

    /* Lays out and draws the tree below `root`. */
    render(root: Node): void {
        this.root = root;
        this.laid = layout(root, {
            folded: (node) => this.isFolded(node),
            shown: (node) => this.shown.get(node.key) ?? SHOWN,
            widths: this.widths,
        });
        this.size();
        this.drawSight();
    }

    /* Brings a process into sight, unfolding what hides it. */
    select(node: Node | null, reveal = true): void {
        this.selected = node?.key ?? "";
        for (let up = node?.parent; up; up = up.parent) {
            this.folds.delete(up.key);
            const at = up.children.indexOf(node!);
            if (at >= (this.shown.get(up.key) ?? SHOWN)) this.shown.set(up.key, at + 1);
        }
        if (this.root) this.render(this.root);
        const placed = this.laid.placed.find((one) => one.key === this.selected);
        if (placed && reveal) this.reveal(placed);
        this.options.onSelect?.(node);
    }

    selectedNode(): Node | null {
        return this.laid.placed.find((one) => one.key === this.selected && !one.more)?.node ?? null;
    }

    /* Dims what does not match; null dims nothing. */
    search(matches: ((node: Node) => boolean) | null): void {
        this.matches = matches;
        this.drawSight();
    }

    zoomBy(steps: number): void {
        const at = ZOOMS.findIndex((zoom) => zoom >= this.zoom - 0.01);
        this.setZoom(ZOOMS[Math.max(0, Math.min(ZOOMS.length - 1, at + steps))]!);
    }

    /* As large as it may be with all of it in sight. */
    fit(): void {
        const { width, height } = this.laid;
        const scale = Math.min(
            this.element.clientWidth / width,
            this.element.clientHeight / height,
        );
        this.setZoom(Math.max(ZOOMS[0]!, Math.min(1, scale)));
        this.element.scrollTo(0, 0);
    }

    /* As large as it may be with its columns in sight, but not too small to read. */
    fitWidth(): void {
        const scale = this.element.clientWidth / this.laid.width;
        this.setZoom(ZOOMS.findLast((zoom) => zoom <= Math.max(0.8, Math.min(1, scale))) ?? 1);
    }

    /* Folds all below the application; where anything is folded, unfolds all. */
    foldAll(): void {
        const folded = [...this.folds.values()].includes(true);
        this.folds.clear();
        for (const { node } of this.laid.placed) {
            if (!folded && node.parent && node.kind !== "worker") this.folds.set(node.key, true);
        }
        if (this.root) this.render(this.root);
    }

    private idOf(key: string): string {
        return `${this.id}-${key.replace(/[^\w.-]/g, "_")}`;
    }

    private isFolded(node: Node): boolean {
        return this.folds.get(node.key) ?? false;
    }

    private setFold(node: Node, folded: boolean): void {
        this.folds.set(node.key, folded);
        if (this.root) this.render(this.root);
    }

    private setZoom(zoom: number): void {
        const { element } = this;
        const x = (element.scrollLeft + element.clientWidth / 2) / this.zoom;
        const y = (element.scrollTop + element.clientHeight / 2) / this.zoom;
        this.zoom = zoom;
        this.size();
        element.scrollLeft = x * zoom - element.clientWidth / 2;
        element.scrollTop = y * zoom - element.clientHeight / 2;
        this.drawSight();
    }

    private size(): void {
        const { width, height } = this.laid;
        this.space.style.width = `${width * this.zoom}px`;
        this.space.style.height = `${height * this.zoom}px`;
        this.canvas.style.transform = `scale(${this.zoom})`;
        this.element.dataset["zoom"] = String(this.zoom);
    }

    /* Draws what is within the window and a little around it. */
    private drawSight(): void {
        const { element, zoom } = this;
        const top = element.scrollTop / zoom - MARGIN;
        const bottom = (element.scrollTop + element.clientHeight) / zoom + MARGIN;
        const left = element.scrollLeft / zoom - MARGIN;
        const right = (element.scrollLeft + element.clientWidth) / zoom + MARGIN;
        const inSight = this.laid.placed.filter(
            (p) => p.y + p.height > top && p.y < bottom && p.x + p.width > left && p.x < right,
        );
        this.nodes.render(inSight);
        this.lines.setAttribute("d", edges(this.laid.placed, top, bottom));
        this.drawRelated();
        const chosen = this.nodes.get(this.selected);
        if (chosen) this.element.setAttribute("aria-activedescendant", chosen.id);
        else this.element.removeAttribute("aria-activedescendant");
    }

    private drawNode(element: HTMLElement, placed: Placed): void {
        this.placedOf.set(element, placed);
        this.views.get(element)?.draw(placed, this.isFolded(placed.node), performance.now());
        const chosen = placed.key === this.selected;
        element.classList.toggle("selected", chosen);
        setAttr(element, "aria-selected", String(chosen));
        const hit = this.matches === null || placed.more > 0 || this.matches(placed.node);
        element.classList.toggle("dim", !hit);
        element.classList.toggle("hit", this.matches !== null && hit && !placed.more);
    }

    private drawRelated(): void {
        const at = new Map(this.laid.placed.map((placed) => [placed.node.pid, placed] as const));
        const paths = this.relations.map(({ from, to, kind }) => {
            const a = at.get(from);
            const b = at.get(to);
            if (!a || !b || a === b) return null;
            const [x1, y1] = [a.x + a.width - 12, a.y + a.height / 2];
            const [x2, y2] = [b.x + b.width - 12, b.y + b.height / 2];
            const bow = Math.max(x1, x2) + 60;
            return s("path", {
                class: kind,
                d: `M${x1} ${y1}C${bow} ${y1} ${bow} ${y2} ${x2} ${y2}`,
            });
        });
        this.related.replaceChildren(...paths.filter((path) => path !== null));
    }

    private reveal(placed: Placed): void {
        const { element, zoom } = this;
        const x = placed.x * zoom;
        const y = placed.y * zoom;
        const far = { x: x + placed.width * zoom, y: y + placed.height * zoom };
        if (x < element.scrollLeft) element.scrollLeft = x - 20;
        else if (far.x > element.scrollLeft + element.clientWidth)
            element.scrollLeft = far.x - element.clientWidth + 20;
        if (y < element.scrollTop) element.scrollTop = y - 20;
        else if (far.y > element.scrollTop + element.clientHeight)
            element.scrollTop = far.y - element.clientHeight + 20;
    }

    private placedAt(event: Event): Placed | undefined {
        const element = event.target instanceof Element && event.target.closest(".node");
        return element instanceof HTMLElement ? this.placedOf.get(element) : undefined;
    }

    private click(event: MouseEvent): void {
        const placed = this.placedAt(event);
        if (!placed) return this.select(null, false);
        if (placed.more) return this.showMore(placed);
        if ((event.target as Element).closest(".node-fold")) {
            this.setFold(placed.node, !this.isFolded(placed.node));
        }
        this.select(placed.node, false);
    }

    private showMore(placed: Placed): void {
        const { node } = placed;
        const shown = (this.shown.get(node.key) ?? SHOWN) + STEP;
        this.shown.set(node.key, shown);
        if (shown > node.children.length) this.options.onMore?.(node, shown);
        if (this.root) this.render(this.root);
    }

    private doubleClick(event: MouseEvent): void {
        const placed = this.placedAt(event);
        if (placed && !placed.more && !(event.target as Element).closest(".node-fold"))
            this.options.onOpen?.(placed.node);
    }

    private contextMenu(event: MouseEvent): void {
        const placed = this.placedAt(event);
        if (!placed || placed.more) return;
        event.preventDefault();
        this.select(placed.node, false);
        this.element.focus({ preventScroll: true });
        this.options.onMenu?.(placed.node, { x: event.clientX, y: event.clientY });
    }

    private wheel(event: WheelEvent): void {
        if (!event.ctrlKey) return;
        event.preventDefault();
        this.zoomBy(event.deltaY < 0 ? 1 : -1);
    }

    private keydown(event: KeyboardEvent): void {
        const at = this.laid.placed.findIndex((placed) => placed.key === this.selected);
        const here = this.laid.placed[at];
        if (asksForMenu(event)) {
            const element = this.nodes.get(this.selected);
            if (!here || here.more || !element) return;
            event.preventDefault();
            const box = element.getBoundingClientRect();
            this.options.onMenu?.(here.node, { x: box.left + 24, y: box.bottom });
            return;
        }
        if (event.ctrlKey || event.altKey || event.metaKey) return;
        if (this.command(event.key, here) || this.move(event.key, at, here)) event.preventDefault();
    }

    private command(key: string, here: Placed | undefined): boolean {
        if (key === "+" || key === "=") this.zoomBy(1);
        else if (key === "-") this.zoomBy(-1);
        else if (key === "0") this.fit();
        else if (key === "Enter" && here?.more) this.showMore(here);
        else if (key === "Enter" && here) this.options.onOpen?.(here.node);
        else return false;
        return true;
    }

    private move(key: string, at: number, here: Placed | undefined): boolean {
        const { placed } = this.laid;
        const folded = here ? this.isFolded(here.node) : false;
        let to: Placed | undefined;
        if (key === "ArrowDown") to = placed[at + 1];
        else if (key === "ArrowUp") to = placed[Math.max(0, at - 1)];
        else if (key === "Home") to = placed[0];
        else if (key === "End") to = placed[placed.length - 1];
        else if (key === "ArrowRight" && here && folded) this.setFold(here.node, false);
        else if (key === "ArrowRight") to = placed.find((one) => one.parent === here);
        else if (key === "ArrowLeft" && here && !folded && here.node.children.length && !here.more)
            this.setFold(here.node, true);
        else if (key === "ArrowLeft") to = here?.parent ?? undefined;
        else return false;
        if (to) this.go(to);
        return true;
    }

    private go(placed: Placed): void {
        this.selected = placed.key;
        this.reveal(placed);
        this.drawSight();
        this.options.onSelect?.(placed.more ? null : placed.node);
    }
}
