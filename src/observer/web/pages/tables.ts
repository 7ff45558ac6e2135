// SPDX-License-Identifier: Apache-2.0
/* Tables: the list. A private table can be seen here but not opened, as in OTP. */
import { nameOf, searchField, toggle } from "../app/controls";
import { openMenu } from "../app/menu";
import { type PageFn, processUrl } from "../app/page";
import { toast } from "../app/toast";
import { get, withQuery, wordsOf } from "../data/api";
import { bytes, count, plural } from "../data/format";
import { listen } from "../data/live";
import type { Table, TableList } from "../data/types";
import { WindowSource } from "../data/window";
import { every } from "../dom/frame";
import { type Column, Rows } from "../dom/rows";
import { orderOf } from "./parts";

const REFRESH_MS = 2000;

const COLUMNS: readonly Column<Table>[] = [
    {
        id: "name",
        title: "Name",
        width: "minmax(20ch, 2fr)",
        mono: true,
        sortable: true,
        text: (t) => t.name,
        paint: (cell, t) => cell.classList.toggle("soft", !t.named),
    },
    {
        id: "size",
        title: "Rows",
        width: "11ch",
        end: true,
        sortable: true,
        text: (t) => count(t.size),
    },
    {
        id: "memory",
        title: "Memory",
        width: "11ch",
        end: true,
        sortable: true,
        text: (t) => bytes(t.memory),
    },
    { id: "type", title: "Type", width: "14ch", sortable: true, text: (t) => t.type },
    {
        id: "protection",
        title: "Protection",
        width: "12ch",
        sortable: true,
        text: (t) => t.protection,
        paint: (cell, t) => (cell.dataset["state"] = t.protection),
    },
    { id: "keypos", title: "Key", width: "6ch", end: true, text: (t) => String(t.keypos) },
    {
        id: "owner",
        title: "Owner",
        width: "minmax(16ch, 1.5fr)",
        mono: true,
        sortable: true,
        text: (t) => (t.owner.name ? `${t.owner.name} ${t.owner.pid}` : nameOf(t.owner)),
    },
    { id: "id", title: "Id", width: "minmax(14ch, 1fr)", mono: true, text: (t) => t.id },
];

function tableUrl(table: Table): string {
    return `/tables/${encodeURIComponent(table.named ? table.name : table.id)}`;
}

export const tablesPage: PageFn = (page) => {
    page.title("Tables");
    let filter = page.query.get("filter") ?? "";
    let unreadable = page.query.get("private") !== "hide";
    let order = orderOf(page, COLUMNS, "name", false);
    const open = (table: Table): void => {
        if (table.readable) page.go(tableUrl(table));
        else toast("A private table can be read by its owner only.", "bad");
    };
    const source = new WindowSource<Table>(
        async (offset, limit) => {
            const answer = await get<TableList>(
                withQuery("/api/tables", {
                    sort: order.column,
                    order: order.descending ? "desc" : "asc",
                    filter,
                    readable: unreadable ? "" : "true",
                    offset,
                    limit,
                }),
                page.signal,
            );
            page.title("Tables", `${plural(answer.count, "table")}, ${bytes(answer.memory)}`);
            return { matched: answer.matched, rows: answer.tables };
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
    const rows = new Rows<Table>({
        label: "Tables",
        columns: COLUMNS,
        order,
        key: (table) => table.id,
        row: (index) => source.row(index),
        sight: (from, to) => source.sight(from, to),
        onOpen: open,
        onMenu: (table, at) =>
            openMenu(at.x, at.y, table.name, [
                {
                    label: "Show contents",
                    icon: "tables",
                    disabled: !table.readable,
                    run: () => open(table),
                },
                {
                    label: "Its owner",
                    icon: "info",
                    run: () => page.go(processUrl(table.owner.pid)),
                },
            ]),
        onOrder: (next) => {
            order = next;
            page.remember({ sort: next.column, order: next.descending ? "desc" : null });
            ask();
        },
        empty: "No table matches.",
    });
    page.root.classList.add("filled");
    page.root.append(rows.element);
    page.tools.append(
        searchField("Filter: name, owner", filter, (text) => {
            filter = text;
            page.remember({ filter: text || null });
            ask();
        }),
        toggle("Private too", "lock", unreadable, (on) => {
            unreadable = on;
            page.remember({ private: on ? null : "hide" });
            ask();
        }),
    );
    source.refresh();
    every(REFRESH_MS, page.signal, () => source.refresh());
    listen({}, page.signal);
};
