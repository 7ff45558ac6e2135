// SPDX-License-Identifier: Apache-2.0
/* Crashes: every abnormal exit and error report of the last while, the latest first. */
import { nameOf, searchField, select } from "../app/controls";
import type { PageFn } from "../app/page";
import { toast } from "../app/toast";
import { get, wordsOf } from "../data/api";
import { ago, clock, plural } from "../data/format";
import { listen } from "../data/live";
import type { CrashList, CrashRow } from "../data/types";
import { every } from "../dom/frame";
import { type Column, Rows } from "../dom/rows";

const KEPT = 256;

/* The words on one line, without what begins all of them. */
function reasonOf(crash: CrashRow): string {
    const words = crash.words || (crash.reason?.text ?? "");
    return words.replace(/^an exception was raised:\s*/, "").replace(/\s*\n\s*/g, " · ");
}

const COLUMNS: readonly Column<CrashRow>[] = [
    { id: "time", title: "Time", width: "14ch", mono: true, text: (c) => clock(c.time_us / 1000) },
    { id: "ago", title: "Ago", width: "14ch", text: (c) => ago(Date.now() - c.time_us / 1000) },
    {
        id: "process",
        title: "Process",
        width: "minmax(18ch, 1fr)",
        mono: true,
        text: (c) => nameOf(c.process),
    },
    { id: "words", title: "Reason", width: "minmax(30ch, 3fr)", mono: true, text: reasonOf },
    { id: "application", title: "Application", width: "13ch", text: (c) => c.application ?? "" },
    {
        id: "kind",
        title: "Kind",
        width: "8ch",
        text: (c) => c.kind,
        paint: (cell, c) => (cell.dataset["state"] = c.kind),
    },
    {
        id: "successor",
        title: "Grew back as",
        width: "13ch",
        mono: true,
        text: (c) => c.successor ?? "",
    },
    { id: "number", title: "No.", width: "6ch", end: true, text: (c) => String(c.number) },
];

export const crashesPage: PageFn = (page) => {
    page.title("Crashes");
    let all: CrashRow[] = [];
    let shown: CrashRow[] = [];
    let filter = page.query.get("filter") ?? "";
    let kind = page.query.get("kind") ?? "";
    const rows = new Rows<CrashRow>({
        label: "Crashes",
        columns: COLUMNS,
        key: (crash) => String(crash.number),
        row: (index) => shown[index],
        onOpen: (crash) => page.go(`/crashes/${crash.number}`),
        empty: "Nothing has crashed.",
    });
    const draw = (): void => {
        const want = filter.toLowerCase();
        const match = (c: CrashRow): boolean =>
            (kind === "" || c.kind === kind) &&
            [c.words, c.reason?.text ?? "", nameOf(c.process), c.process.pid].some((text) =>
                text.toLowerCase().includes(want),
            );
        shown = all.filter(match);
        page.title("Crashes", plural(all.length, "entry", "entries"));
        rows.refresh(shown.length);
    };
    const load = async (): Promise<void> => {
        try {
            const answer = await get<CrashList>(`/api/crashes?limit=${KEPT}`, page.signal);
            all = answer.crashes;
            draw();
        } catch (error) {
            if (!page.signal.aborted && all.length === 0) toast(wordsOf(error), "bad");
        }
    };
    page.root.classList.add("filled");
    page.root.append(rows.element);
    page.tools.append(
        searchField("Filter: process, reason", filter, (text) => {
            filter = text;
            page.remember({ filter: text || null });
            draw();
        }),
        select(
            "Kind",
            [
                ["", "exits and reports"],
                ["exit", "exits"],
                ["report", "reports"],
            ],
            kind,
            (next) => {
                kind = next;
                page.remember({ kind: next || null });
                draw();
            },
        ),
    );
    void load();
    every(5000, page.signal, () => draw());
    listen(
        {
            crash: (crash) => {
                if (all.some((one) => one.number >= crash.number)) return;
                all = [crash, ...all].slice(0, KEPT);
                draw();
                window.setTimeout(() => void load(), 600);
            },
        },
        page.signal,
        { again: () => void load() },
    );
};
