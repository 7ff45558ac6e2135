// SPDX-License-Identifier: Apache-2.0
/* A grid of any length that holds only the rows in sight. The caller says how many rows there are
 * and gives the row at an index (or undefined while it is still on its way); the grid asks for
 * what comes into sight. The keyboard moves an active row; Enter opens it, Shift+F10 its menu. */
import { asksForMenu } from "../app/menu";
import { h, setText } from "./element";

export interface Column<Row> {
    id: string;
    title: string;
    /* A track of a CSS grid: "8ch", "minmax(12ch, 2fr)". */
    width: string;
    /* Explains the column. */
    help?: string;
    end?: boolean;
    mono?: boolean;
    sortable?: boolean;
    text: (row: Row) => string;
    /* Further marks on the cell, such as a class for a bad value. */
    paint?: (cell: HTMLElement, row: Row) => void;
}

export interface Order {
    column: string;
    descending: boolean;
}

export interface RowsOptions<Row> {
    label: string;
    columns: readonly Column<Row>[];
    key: (row: Row) => string;
    row: (index: number) => Row | undefined;
    /* The rows from..to have come into sight. */
    sight?: (from: number, to: number) => void;
    order?: Order;
    onOrder?: (order: Order) => void;
    onOpen?: (row: Row) => void;
    onActive?: (row: Row | undefined) => void;
    onMenu?: (row: Row, at: { x: number; y: number }) => void;
    /* What stands in the middle when there is nothing. */
    empty?: string;
}

export const ROW_HEIGHT = 28;
const MARGIN = 6;

let nextId = 0;

export class Rows<Row> {
    readonly element: HTMLElement;
    private readonly scroller: HTMLElement;
    private readonly head: HTMLElement;
    private readonly space: HTMLElement;
    private readonly empty: HTMLElement;
    private readonly id = `rows-${nextId++}`;
    private readonly pool: HTMLElement[] = [];
    private columns: readonly Column<Row>[];
    private order: Order | undefined;
    private count = 0;
    private active = -1;
    private from = 0;
    private to = 0;

    constructor(private readonly options: RowsOptions<Row>) {
        this.columns = options.columns;
        this.order = options.order;
        this.head = h("div", { class: "rows-head", attrs: { role: "row", "aria-rowindex": 1 } });
        this.space = h("div", { class: "rows-space", attrs: { role: "rowgroup" } });
        this.empty = h("div", "empty", options.empty ?? "Nothing here");
        this.scroller = h(
            "div",
            {
                class: "rows-scroller",
                attrs: { role: "grid", tabindex: 0, "aria-label": options.label },
                on: {
                    scroll: () => this.draw(),
                    keydown: (event) => this.keydown(event),
                    focus: () => this.focused(),
                },
            },
            h("div", { class: "rows-top", attrs: { role: "rowgroup" } }, this.head),
            this.space,
        );
        this.element = h("div", "rows", this.scroller, this.empty);
        this.drawHead();
        new ResizeObserver(() => this.draw()).observe(this.scroller);
    }

    setColumns(columns: readonly Column<Row>[]): void {
        this.columns = columns;
        for (const element of this.pool.splice(0)) element.remove();
        this.drawHead();
        this.draw();
    }

    /* Draws anew after the rows have changed; `count` is how many there are. */
    refresh(count: number): void {
        this.count = count;
        if (this.active >= count) this.setActive(count - 1, false);
        this.space.style.height = `${count * ROW_HEIGHT}px`;
        this.scroller.setAttribute("aria-rowcount", String(count + 1));
        this.empty.hidden = count > 0;
        this.draw();
    }

    activeRow(): Row | undefined {
        return this.active < 0 ? undefined : this.options.row(this.active);
    }

    /* Makes a row the active one and brings it into sight. */
    setActive(index: number, tell = true): void {
        this.active = index;
        if (index >= 0) this.reveal(index);
        this.draw();
        if (tell) this.options.onActive?.(this.activeRow());
    }

    toTop(): void {
        this.scroller.scrollTop = 0;
    }

    focus(): void {
        this.scroller.focus();
    }

    private focused(): void {
        if (this.active < 0 && this.count > 0) this.setActive(this.from);
    }

    private reveal(index: number): void {
        const top = index * ROW_HEIGHT;
        const high = this.scroller.clientHeight - this.head.offsetHeight;
        if (top < this.scroller.scrollTop) this.scroller.scrollTop = top;
        else if (top + ROW_HEIGHT > this.scroller.scrollTop + high)
            this.scroller.scrollTop = top + ROW_HEIGHT - high;
    }

    private drawHead(): void {
        this.scroller.style.setProperty(
            "--tracks",
            this.columns.map((column) => column.width).join(" "),
        );
        this.head.replaceChildren(...this.columns.map((column) => this.headCell(column)));
    }

    private headCell(column: Column<Row>): HTMLElement {
        const sorted = this.order?.column === column.id;
        const sort = sorted ? (this.order?.descending ? "descending" : "ascending") : "none";
        const inner = column.sortable
            ? h(
                  "button",
                  {
                      class: "rows-sort",
                      attrs: { type: "button", title: column.help },
                      on: { click: () => this.sortBy(column.id) },
                  },
                  column.title,
                  h("span", { class: "rows-arrow", attrs: { "aria-hidden": "true" } }),
              )
            : h("span", { attrs: { title: column.help } }, column.title);
        return h(
            "div",
            {
                class: column.end ? "cell end" : "cell",
                attrs: {
                    role: "columnheader",
                    "aria-sort": column.sortable ? sort : undefined,
                },
            },
            inner,
        );
    }

    private sortBy(column: string): void {
        const again = this.order?.column === column;
        this.order = { column, descending: again ? !this.order?.descending : true };
        const had = document.activeElement?.textContent;
        this.drawHead();
        for (const button of this.head.querySelectorAll("button")) {
            if (button.textContent === had) button.focus();
        }
        this.options.onOrder?.(this.order);
    }

    private draw(): void {
        const top = this.scroller.scrollTop;
        this.from = Math.max(0, Math.floor(top / ROW_HEIGHT) - MARGIN);
        const seen = Math.ceil(this.scroller.clientHeight / ROW_HEIGHT) + 2 * MARGIN;
        this.to = Math.min(this.count, this.from + seen);
        this.options.sight?.(this.from, this.to);
        while (this.pool.length < this.to - this.from) this.pool.push(this.rowElement());
        this.pool.forEach((element, i) => this.drawRow(element, this.from + i));
        const id = this.active >= this.from && this.active < this.to;
        if (id) this.scroller.setAttribute("aria-activedescendant", `${this.id}-${this.active}`);
        else this.scroller.removeAttribute("aria-activedescendant");
    }

    private rowElement(): HTMLElement {
        const element = h("div", {
            class: "row",
            attrs: { role: "row" },
            on: {
                click: () => this.setActive(this.indexOf(element)),
                dblclick: () => this.open(this.indexOf(element)),
                contextmenu: (event) => this.menu(event, this.indexOf(element)),
            },
        });
        for (const column of this.columns) {
            const kind = `cell${column.end ? " end" : ""}${column.mono ? " mono" : ""}`;
            element.append(h("div", { class: kind, attrs: { role: "gridcell" } }));
        }
        this.space.append(element);
        return element;
    }

    private indexOf(element: HTMLElement): number {
        return Number(element.dataset["index"]);
    }

    private drawRow(element: HTMLElement, index: number): void {
        const row = index < this.to ? this.options.row(index) : undefined;
        element.hidden = index >= this.to;
        if (element.hidden) return;
        if (element.dataset["index"] !== String(index)) {
            element.dataset["index"] = String(index);
            element.id = `${this.id}-${index}`;
            element.setAttribute("aria-rowindex", String(index + 2));
            element.style.transform = `translateY(${index * ROW_HEIGHT}px)`;
        }
        element.classList.toggle("active", index === this.active);
        element.setAttribute("aria-selected", String(index === this.active));
        element.classList.toggle("pending", row === undefined);
        if (row !== undefined) element.dataset["key"] = this.options.key(row);
        this.columns.forEach((column, i) => {
            const cell = element.children[i] as HTMLElement;
            setText(cell, row === undefined ? "" : column.text(row));
            if (row !== undefined) column.paint?.(cell, row);
        });
    }

    private open(index: number): void {
        const row = this.options.row(index);
        if (row !== undefined) this.options.onOpen?.(row);
    }

    private menu(event: MouseEvent, index: number): void {
        const row = this.options.row(index);
        if (row === undefined || !this.options.onMenu) return;
        event.preventDefault();
        this.setActive(index);
        this.scroller.focus();
        this.options.onMenu(row, { x: event.clientX, y: event.clientY });
    }

    private menuAtActive(): void {
        const row = this.activeRow();
        const element = this.pool.find((e) => this.indexOf(e) === this.active);
        if (row === undefined || !element) return;
        const box = element.getBoundingClientRect();
        this.options.onMenu?.(row, { x: box.left + 40, y: box.bottom });
    }

    private keydown(event: KeyboardEvent): void {
        if (event.target !== this.scroller) return;
        const page = Math.max(1, Math.floor(this.scroller.clientHeight / ROW_HEIGHT) - 2);
        const moves: Record<string, number> = {
            ArrowDown: this.active + 1,
            ArrowUp: this.active - 1,
            PageDown: this.active + page,
            PageUp: this.active - page,
            Home: 0,
            End: this.count - 1,
        };
        const to = moves[event.key];
        if (to !== undefined && this.count > 0) {
            event.preventDefault();
            this.setActive(Math.max(0, Math.min(this.count - 1, to)));
        } else if (event.key === "Enter") {
            this.open(this.active);
        } else if (asksForMenu(event)) {
            event.preventDefault();
            this.menuAtActive();
        }
    }
}
