// SPDX-License-Identifier: Apache-2.0
/* Load charts: five pictures of the last minute to the last hour, drawn as the samples come. */
import { select } from "../app/controls";
import type { PageFn } from "../app/page";
import { toast } from "../app/toast";
import { get, wordsOf } from "../data/api";
import { bytes, short } from "../data/format";
import { listen } from "../data/live";
import type { Load, LoadSample } from "../data/types";
import { Chart } from "../dom/chart";
import { h } from "../dom/element";
import { every, Redraw } from "../dom/frame";

const SPANS = [
    ["60", "last minute"],
    ["300", "last 5 minutes"],
    ["900", "last 15 minutes"],
    ["3600", "last hour"],
] as const;

const POINTS_MAX = 1800;
const CURVES = ["curve-1", "curve-2", "curve-3", "curve-4", "curve-5", "curve-6"];

/* The samples in sight, oldest first, at most POINTS_MAX. */
class Window {
    samples: LoadSample[] = [];
    private stride = 1;
    private skipped = 0;

    constructor(readonly seconds: number) {}

    fill(load: Load): void {
        this.samples = load.time_ms.map((time_ms, i) => ({
            time_ms,
            scheduler_use: load.scheduler_use.map((curve) => curve[i] ?? null),
            memory: {
                resident: load.memory.resident[i] ?? 0,
                processes: load.memory.processes[i] ?? 0,
                tables: load.memory.tables[i] ?? 0,
            },
            processes: load.processes[i] ?? 0,
            run_queue: load.run_queue[i] ?? 0,
            messages_per_s: load.messages_per_s[i] ?? null,
            reductions_per_s: load.reductions_per_s[i] ?? null,
            io_in_per_s: load.io_in_per_s[i] ?? null,
            io_out_per_s: load.io_out_per_s[i] ?? null,
        }));
        this.stride = Math.max(
            1,
            Math.round((this.seconds * 1000) / load.interval_ms / POINTS_MAX),
        );
    }

    /* Adds a sample, of long spans only each `stride`th, and drops what has left the window. */
    add(sample: LoadSample): void {
        if (++this.skipped < this.stride) return;
        this.skipped = 0;
        this.samples.push(sample);
        const oldest = sample.time_ms - this.seconds * 1000 - 2000;
        const keep = this.samples.findIndex((one) => one.time_ms >= oldest);
        if (keep > 0) this.samples.splice(0, keep);
    }

    /* The time in seconds and a curve for each of `values`. Where no samples were taken for more
     * than three intervals the line is broken. */
    curves(values: readonly ((sample: LoadSample) => number | null)[]): (number | null)[][] {
        return values.map((value) => this.samples.map(value));
    }
}

export const loadPage: PageFn = (page) => {
    page.title("Load charts");
    const wanted = page.query.get("seconds") ?? "60";
    const seconds = SPANS.some(([value]) => value === wanted) ? Number(wanted) : 60;
    page.tools.append(
        select("Span", SPANS, String(seconds), (value) => page.go(`/load?seconds=${value}`)),
    );
    const window_ = new Window(seconds);
    const place = h("div", "charts");
    page.root.append(place);
    const charts: { chart: Chart; values: ((s: LoadSample) => number | null)[] }[] = [];
    /* The node's clock less ours: the right edge is the node's now. */
    let ahead = 0;

    const add = (
        title: string,
        unit: (value: number) => string,
        curves: readonly (readonly [string, (s: LoadSample) => number | null])[],
        least = 1,
        binary = false,
    ): void => {
        const chart = new Chart(
            {
                title,
                unit,
                least,
                binary,
                curves: curves.map(([label], i) => ({
                    label,
                    colour: CURVES[i % CURVES.length]!,
                    fill: curves.length < 3,
                })),
            },
            page.signal,
        );
        place.append(chart.element);
        charts.push({ chart, values: curves.map(([, value]) => value) });
    };
    const build = (schedulers: number): void => {
        add(
            "Scheduler use",
            (v) => `${Math.round(v)} %`,
            Array.from({ length: schedulers }, (_, i) => [
                `scheduler ${i}`,
                (s: LoadSample) => {
                    const use = s.scheduler_use[i];
                    return use === null || use === undefined ? null : 100 * use;
                },
            ]),
            100,
        );
        add(
            "Memory",
            bytes,
            [
                ["resident", (s) => s.memory.resident],
                ["processes", (s) => s.memory.processes],
                ["tables", (s) => s.memory.tables],
            ],
            1024,
            true,
        );
        add("Processes", short, [["processes", (s) => s.processes]], 10);
        add("Messages a second", short, [["messages", (s) => s.messages_per_s]], 10);
        add(
            "Input and output",
            (v) => `${bytes(v)}/s`,
            [
                ["in", (s) => s.io_in_per_s],
                ["out", (s) => s.io_out_per_s],
            ],
            1024,
            true,
        );
        add("Run queues", short, [["waiting", (s) => s.run_queue]], 4);
    };
    const redraw = new Redraw(
        () => {
            const to = (Date.now() + ahead) / 1000;
            const times = window_.samples.map((sample) => sample.time_ms / 1000);
            for (const { chart, values } of charts) {
                chart.set([times, ...window_.curves(values)], to - seconds, to);
            }
        },
        page.signal,
        seconds > 300 ? 500 : 80,
    );
    const load = async (): Promise<void> => {
        try {
            const answer = await get<Load>(`/api/load?seconds=${seconds}`, page.signal);
            window_.fill(answer);
            if (charts.length === 0) build(Math.max(1, answer.scheduler_use.length));
            redraw.ask();
        } catch (error) {
            if (!page.signal.aborted) toast(wordsOf(error), "bad");
        }
    };
    void load();
    every(seconds > 300 ? 1000 : 100, page.signal, () => redraw.ask());
    listen(
        {
            hello: (hello) => (ahead = hello.time_us / 1000 - Date.now()),
            load: (sample) => window_.add(sample),
        },
        page.signal,
        { again: () => void load() },
    );
};
