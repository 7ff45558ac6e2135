// SPDX-License-Identifier: Apache-2.0
/* The contents of a table, a window of rows at a time; a row opens to show its elements whole. */
import { card, Facts, notice, processLink, searchField, toggle } from "../app/controls";
import { tell } from "../app/dialog";
import type { PageFn } from "../app/page";
import { toast } from "../app/toast";
import { ApiError, get, withQuery, wordsOf } from "../data/api";
import { bytes, count, plural } from "../data/format";
import { listen } from "../data/live";
import type { Table, TableContents } from "../data/types";
import { WindowSource } from "../data/window";
import { h } from "../dom/element";
import { every } from "../dom/frame";
import { type Column, Rows } from "../dom/rows";

const REFRESH_MS = 2000;
type Row = TableContents["rows"][number];

/* The key first, then the elements as one tuple. */
const COLUMNS: readonly Column<Row>[] = [
    {
        id: "key",
        title: "Key",
        width: "minmax(16ch, 1fr)",
        mono: true,
        text: (row) => row.key.text,
    },
    {
        id: "row",
        title: "Row",
        width: "minmax(30ch, 3fr)",
        mono: true,
        text: (row) => `{${row.elements.map((term) => term.text).join(", ")}}`,
    },
];

function factsOf(facts: Facts, table: Table): void {
    facts.set("Id", table.id);
    facts.set("Type", table.type);
    facts.set("Protection", table.protection);
    facts.set("Rows", count(table.size));
    facts.set("Memory", bytes(table.memory));
    facts.set("Key position", String(table.keypos));
    facts.set("Owner", processLink(table.owner));
    facts.set("Heir", table.heir ? processLink(table.heir) : "none");
}

function showRow(row: Row): void {
    const elements = row.elements.map((term) =>
        h("li", null, h("pre", "term", term.text), term.cut ? h("p", "soft", "Cut.") : null),
    );
    void tell("Row", h("ol", "term-list", ...elements));
}

export const tablePage: PageFn = (page) => {
    const id = page.params["id"]!;
    page.title(id, "table");
    let filter = page.query.get("filter") ?? "";
    let paused = false;
    const facts = new Facts();
    const source = new WindowSource<Row>(
        async (offset, limit) => {
            const path = `/api/tables/${encodeURIComponent(id)}`;
            const answer = await get<TableContents>(
                withQuery(path, { offset, limit, filter }),
                page.signal,
            );
            const partial = answer.partial ? ", of the first 100 000" : "";
            const words = filter ? `${plural(answer.matched, "match", "matches")}${partial}` : "";
            page.title(answer.table.name, words || plural(answer.table.size, "row"));
            factsOf(facts, answer.table);
            return { matched: answer.matched, rows: answer.rows };
        },
        () => rows.refresh(source.matched),
        (error) => {
            if (page.signal.aborted) return;
            paused = true;
            if (error instanceof ApiError) page.root.replaceChildren(notice(error.message, "bad"));
            else toast(wordsOf(error), "bad");
        },
    );
    const rows = new Rows<Row>({
        label: `Rows of ${id}`,
        columns: COLUMNS,
        key: (row) => row.key.text,
        row: (index) => source.row(index),
        sight: (from, to) => source.sight(from, to),
        onOpen: showRow,
        empty: filter ? "No row matches." : "The table is empty.",
    });
    page.root.classList.add("filled", "with-side");
    page.root.append(
        rows.element,
        h(
            "aside",
            { class: "side", attrs: { "aria-label": "Table" } },
            card("Table", facts.element),
        ),
    );
    page.tools.append(
        searchField("Find in the rows", filter, (text) => {
            filter = text;
            page.remember({ filter: text || null });
            rows.toTop();
            source.reset();
        }),
        toggle("Pause", "pause", false, (on) => (paused = on)),
    );
    source.refresh();
    every(REFRESH_MS, page.signal, () => {
        if (!paused) source.refresh();
    });
    listen({}, page.signal);
};
