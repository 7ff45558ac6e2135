// SPDX-License-Identifier: Apache-2.0
/* A page that is one long list: the node sorts and filters it, the page holds the rows in sight.
 * Order and filter stand in the URL. */
import { searchField } from "../app/controls";
import type { PageContext } from "../app/page";
import { toast } from "../app/toast";
import { get, withQuery, wordsOf } from "../data/api";
import { listen } from "../data/live";
import { type Part, WindowSource } from "../data/window";
import { every } from "../dom/frame";
import { type Column, type Order, Rows } from "../dom/rows";

export interface ListingOptions<Row, Answer> {
    label: string;
    /* What the search field says. */
    find: string;
    /* What stands there when nothing matches. */
    empty: string;
    /* Of the API; what else is asked for beside filter, order and window. */
    path: string;
    query: () => Record<string, string>;
    take: (answer: Answer) => Part<Row>;
    columns: readonly Column<Row>[];
    /* The columns that are shown at first; all of them without it. */
    shown?: readonly Column<Row>[];
    /* The order where the URL names none. */
    order: Order;
    refreshMs: number;
    key: (row: Row) => string;
    onOpen: (row: Row) => void;
    onMenu: (row: Row, at: { x: number; y: number }) => void;
}

export interface Listing<Row> {
    rows: Rows<Row>;
    /* Another question: from the top. */
    ask: () => void;
    setPaused: (paused: boolean) => void;
}

/* The order that the URL names; `first` where it names none. */
function orderOf<Row>(page: PageContext, columns: readonly Column<Row>[], first: Order): Order {
    const column = page.query.get("sort") ?? "";
    const known = columns.some((one) => one.id === column && one.sortable);
    const order = page.query.get("order");
    return {
        column: known ? column : first.column,
        descending: order === null ? first.descending : order === "desc",
    };
}

/* Puts the list into the page and its search field before the page's other tools. */
export function listing<Row, Answer>(
    page: PageContext,
    options: ListingOptions<Row, Answer>,
): Listing<Row> {
    const natural = options.order.descending;
    let order = orderOf(page, options.columns, options.order);
    let filter = page.query.get("filter") ?? "";
    let isPaused = false;
    const source = new WindowSource<Row>(
        async (offset, limit) => {
            const sort = { sort: order.column, order: order.descending ? "desc" : "asc" };
            const query = { ...sort, filter, ...options.query(), offset, limit };
            return options.take(await get<Answer>(withQuery(options.path, query), page.signal));
        },
        () => rows.refresh(source.matched),
        (error) => {
            if (!page.signal.aborted) toast(wordsOf(error), "bad");
        },
    );
    const ask = (): void => {
        rows.toTop();
        source.reset();
    };
    const rows = new Rows<Row>({
        label: options.label,
        columns: options.shown ?? options.columns,
        order,
        key: options.key,
        row: (index) => source.row(index),
        sight: (from, to) => source.sight(from, to),
        onOpen: options.onOpen,
        onMenu: options.onMenu,
        onOrder: (next) => {
            order = next;
            const words = next.descending ? "desc" : "asc";
            page.remember({
                sort: next.column,
                order: next.descending === natural ? null : words,
            });
            ask();
        },
        empty: options.empty,
    });
    page.root.classList.add("filled");
    page.root.append(rows.element);
    page.tools.append(
        searchField(options.find, filter, (text) => {
            filter = text;
            page.remember({ filter: text || null });
            ask();
        }),
    );
    source.refresh();
    every(options.refreshMs, page.signal, () => {
        if (!isPaused) source.refresh();
    });
    listen({}, page.signal);
    return { rows, ask, setPaused: (paused) => (isPaused = paused) };
}
