// SPDX-License-Identifier: Apache-2.0
/* Tables: the list. A private table can be seen here but not opened, as in OTP. */
import { nameOf, toggle } from "../app/controls";
import { openMenu } from "../app/menu";
import { type PageFn, processUrl } from "../app/page";
import { toast } from "../app/toast";
import { bytes, count, plural } from "../data/format";
import type { Table, TableList } from "../data/types";
import type { Column } from "../dom/rows";
import { listing } from "./listing";

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
    { id: "type", title: "Type", width: "12ch", sortable: true, text: (t) => t.type },
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
        width: "minmax(26ch, 2fr)",
        mono: true,
        sortable: true,
        text: (t) => (t.owner.name ? `${t.owner.name} ${t.owner.pid}` : nameOf(t.owner)),
    },
    { id: "id", title: "Id", width: "28ch", mono: true, sortable: true, text: (t) => t.id },
];

function tableUrl(table: Table): string {
    return `/tables/${encodeURIComponent(table.named ? table.name : table.id)}`;
}

export const tablesPage: PageFn = (page) => {
    page.title("Tables");
    let unreadable = page.query.get("private") !== "hide";
    const open = (table: Table): void => {
        if (table.readable) page.go(tableUrl(table));
        else toast("A private table can be read by its owner only.", "bad");
    };
    const list = listing<Table, TableList>(page, {
        label: "Tables",
        find: "Filter: name, owner",
        empty: "No table matches.",
        path: "/api/tables",
        query: () => ({ readable: unreadable ? "" : "true" }),
        take: (answer) => {
            page.title("Tables", `${plural(answer.count, "table")}, ${bytes(answer.memory)}`);
            return { matched: answer.matched, rows: answer.tables };
        },
        columns: COLUMNS,
        order: { column: "name", descending: false },
        refreshMs: REFRESH_MS,
        key: (table) => table.id,
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
    });
    page.tools.append(
        toggle("Private too", "lock", unreadable, (on) => {
            unreadable = on;
            page.remember({ private: on ? null : "hide" });
            list.ask();
        }),
    );
};
