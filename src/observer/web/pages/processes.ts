// SPDX-License-Identifier: Apache-2.0
/* Processes: all of them, in the order of whatever the viewer wants to see first. The node sorts
 * and filters; the page holds the rows in sight, so 100 000 processes are as quick as ten. */
import { processMenu } from "../app/actions";
import { button, select, toggle } from "../app/controls";
import { tell } from "../app/dialog";
import { openMenu } from "../app/menu";
import { type PageFn, processUrl } from "../app/page";
import { get } from "../data/api";
import { bytes, count, short } from "../data/format";
import type { Application, ProcessList, ProcessRow } from "../data/types";
import { h } from "../dom/element";
import type { Column } from "../dom/rows";
import { listing } from "./listing";

const REFRESH_MS = 1000;
const COLUMNS_KEY = "observer.processes.columns";

function mark(
    name: string,
    on: (row: ProcessRow) => boolean,
): Column<ProcessRow>["paint"] & object {
    return (cell, row) => cell.classList.toggle(name, on(row));
}

const COLUMNS: readonly Column<ProcessRow>[] = [
    { id: "pid", title: "Pid", width: "11ch", mono: true, sortable: true, text: (p) => p.pid },
    {
        id: "name",
        title: "Name or initial call",
        width: "minmax(20ch, 2fr)",
        mono: true,
        sortable: true,
        text: (p) => p.name ?? p.initial_call ?? "",
        paint: mark("soft", (p) => p.name === null),
    },
    {
        id: "label",
        title: "Label",
        width: "minmax(10ch, 1fr)",
        sortable: true,
        text: (p) => p.label ?? "",
    },
    {
        id: "status",
        title: "State",
        width: "10ch",
        sortable: true,
        text: (p) => (p.suspended ? "suspended" : p.status),
        paint: (cell, p) => (cell.dataset["state"] = p.suspended ? "suspended" : p.status),
    },
    {
        id: "reductions_delta",
        title: "Reds",
        help: "Reductions since the last look: who works most now",
        width: "9ch",
        end: true,
        sortable: true,
        /* The first view shows totals (OBS-43). */
        text: (p) => count(p.reductions_delta ?? p.reductions),
        paint: mark("soft", (p) => !p.reductions_delta),
    },
    {
        id: "reductions",
        title: "Reds in all",
        width: "12ch",
        end: true,
        sortable: true,
        text: (p) => short(p.reductions),
    },
    {
        id: "memory",
        title: "Memory",
        width: "11ch",
        end: true,
        sortable: true,
        text: (p) => bytes(p.memory),
    },
    {
        id: "queue",
        title: "Queue",
        width: "9ch",
        end: true,
        sortable: true,
        text: (p) => count(p.queue),
        paint: (cell, p) => {
            cell.classList.toggle("soft", p.queue === 0);
            cell.classList.toggle("red", p.queue >= 1000);
        },
    },
    {
        id: "current_function",
        title: "Current function",
        width: "minmax(18ch, 2fr)",
        mono: true,
        sortable: true,
        text: (p) => p.current_function ?? "",
    },
    {
        id: "scheduler",
        title: "Sched.",
        help: "The scheduler that it runs on",
        width: "9ch",
        end: true,
        sortable: true,
        text: (p) => (p.scheduler === null ? "" : String(p.scheduler)),
    },
    {
        id: "priority",
        title: "Priority",
        width: "10ch",
        text: (p) => p.priority,
    },
    {
        id: "trap_exit",
        title: "Traps exits",
        width: "10ch",
        text: (p) => (p.trap_exit ? "yes" : ""),
    },
];

const HIDDEN_AT_FIRST = ["label", "scheduler", "priority", "trap_exit"];

function chosenColumns(): Set<string> {
    const kept = localStorage.getItem(COLUMNS_KEY);
    const all = COLUMNS.map((column) => column.id);
    const chosen = kept
        ? kept.split(",").filter((id) => all.includes(id))
        : all.filter((id) => !HIDDEN_AT_FIRST.includes(id));
    return new Set(chosen.length ? chosen : all);
}

function visible(chosen: ReadonlySet<string>): Column<ProcessRow>[] {
    return COLUMNS.filter((column) => chosen.has(column.id));
}

/* Asks which columns to show; they change while the dialog is open. */
function chooseColumns(chosen: Set<string>, changed: () => void): void {
    const boxes = COLUMNS.map((column) => {
        const box = h("input", { attrs: { type: "checkbox", checked: chosen.has(column.id) } });
        box.addEventListener("change", () => {
            if (box.checked) chosen.add(column.id);
            else if (chosen.size > 1) chosen.delete(column.id);
            else box.checked = true;
            localStorage.setItem(COLUMNS_KEY, [...chosen].join(","));
            changed();
        });
        return h("label", "check", box, column.title);
    });
    void tell("Columns", h("div", "checks", ...boxes));
}

export const processesPage: PageFn = (page) => {
    page.title("Processes");
    let application = page.query.get("application") ?? "";
    const columns = chosenColumns();
    const list = listing<ProcessRow, ProcessList>(page, {
        label: "Processes",
        find: "Filter: pid, name, function",
        empty: "No process matches.",
        path: "/api/processes",
        query: () => ({ application }),
        take: ({ count: all, matched, processes }) => {
            const words = matched === all ? count(all) : `${count(matched)} of ${count(all)}`;
            page.title("Processes", words);
            return { matched, rows: processes };
        },
        columns: COLUMNS,
        shown: visible(columns),
        order: { column: "reductions_delta", descending: true },
        refreshMs: REFRESH_MS,
        key: (row) => row.pid,
        onOpen: (row) => page.go(processUrl(row.pid)),
        onMenu: (row, at) => openMenu(at.x, at.y, row.name ?? row.pid, processMenu(row, page.go)),
    });

    const applications = h("span");
    void get<{ applications: Application[] }>("/api/applications?depth=1&children=0", page.signal)
        .then((answer) => {
            const names = answer.applications.map((one) => [one.name, one.name] as const);
            const all = [["", "all applications"] as const, ...names];
            applications.replaceWith(
                select("Application", all, application, (value) => {
                    application = value;
                    page.remember({ application: value || null });
                    list.ask();
                }),
            );
        })
        .catch(() => applications.remove());
    page.tools.append(
        applications,
        toggle("Pause", "pause", false, list.setPaused),
        button("Columns", "columns", () =>
            chooseColumns(columns, () => list.rows.setColumns(visible(columns))),
        ),
    );
};
