// SPDX-License-Identifier: Apache-2.0
/* System: what the node is, what it uses of what it may, how busy its schedulers are. */
import { card, Facts, notice } from "../app/controls";
import type { PageFn } from "../app/page";
import { get, wordsOf } from "../data/api";
import { bytes, count, date, duration, percent, short } from "../data/format";
import { listen } from "../data/live";
import type { Limit, System } from "../data/types";
import { h, setText } from "../dom/element";

const LIMITS: readonly (readonly [keyof System["limits"], string])[] = [
    ["processes", "Processes"],
    ["atoms", "Atoms"],
    ["tables", "Tables"],
    ["tables_rows", "Rows in tables"],
];

/* A bar from nothing to full, with words for those who do not see it; without a limit, no bar. */
class Gauge {
    private readonly name = h("span", "gauge-name");
    private readonly words = h("span", "gauge-words");
    private readonly fill = h("span", "gauge-fill");
    private readonly bar = h("span", { class: "gauge-bar", attrs: { role: "meter" } }, this.fill);
    readonly element = h("div", "gauge", this.name, this.words, this.bar);

    set(name: string, words: string, part: number | null, red: boolean): void {
        setText(this.name, name);
        setText(this.words, words);
        this.element.classList.toggle("red", red);
        this.bar.hidden = part === null;
        if (part === null) return;
        const full = Math.min(100, Math.max(0, 100 * part));
        this.fill.style.width = `${full}%`;
        this.bar.setAttribute("aria-label", name);
        this.bar.setAttribute("aria-valuemin", "0");
        this.bar.setAttribute("aria-valuemax", "100");
        this.bar.setAttribute("aria-valuenow", full.toFixed(0));
        this.bar.setAttribute("aria-valuetext", words);
    }
}

class Gauges {
    readonly element = h("div", "gauges");
    private readonly all = new Map<string, Gauge>();

    set(key: string, name: string, words: string, part: number | null, red = false): void {
        let gauge = this.all.get(key);
        if (!gauge) {
            gauge = new Gauge();
            this.all.set(key, gauge);
            this.element.append(gauge.element);
        }
        gauge.set(name, words, part, red);
    }
}

/* The few figures that one looks for first, large. */
class Headline {
    readonly element = h("div", "headline");
    private readonly values = new Map<string, { value: HTMLElement; aside: HTMLElement }>();

    set(name: string, text: string, small: string, red = false): void {
        let place = this.values.get(name);
        if (!place) {
            place = { value: h("b", "headline-value"), aside: h("small") };
            this.values.set(name, place);
            this.element.append(
                h("div", "headline-item", h("span", null, name), place.value, place.aside),
            );
        }
        setText(place.value, text);
        setText(place.aside, small);
        place.value.classList.toggle("red", red);
    }
}

function limitWords(limit: Limit): string {
    if (limit.limit === null) return count(limit.used);
    return `${count(limit.used)} of ${count(limit.limit)} (${percent(limit.used, limit.limit)})`;
}

const perSecond = (n: number | null): string => (n === null ? "–" : `${short(n)}/s`);

export const systemPage: PageFn = (page) => {
    page.title("System");
    const headline = new Headline();
    const node = new Facts();
    const limits = new Gauges();
    const memory = new Gauges();
    const schedulers = new Gauges();
    const work = new Facts();
    page.root.classList.add("system");
    page.root.append(
        headline.element,
        h(
            "div",
            "cards",
            card("Used of what is allowed", limits.element),
            card("Schedulers", schedulers.element),
            card("Memory", memory.element),
            card("Work", work.element),
            card("This node", node.element),
        ),
    );

    const drawHead = (s: System, red: (name: string) => boolean): void => {
        headline.set("Up", duration(s.uptime_ms), `since ${date(s.time_us / 1000 - s.uptime_ms)}`);
        headline.set(
            "Processes",
            count(s.limits.processes.used),
            `${percent(s.limits.processes.used, s.limits.processes.limit ?? 0)} of the limit`,
            red("processes"),
        );
        const known = s.scheduler.filter((one) => one.use !== null);
        const use = known.reduce((sum, one) => sum + (one.use ?? 0), 0);
        headline.set(
            "Scheduler use",
            known.length ? percent(use, known.length) : "–",
            `${s.schedulers} on ${s.cpus} CPUs`,
        );
        headline.set("Memory", bytes(s.memory.resident), "resident");
        headline.set("Messages", perSecond(s.messages_per_s), `${count(s.messages)} in all`);
    };
    const drawMemory = (m: System["memory"]): void => {
        const part = (n: number | null): number => (m.resident ? (n ?? 0) / m.resident : 0);
        const row = (key: string, name: string, n: number | null): void =>
            memory.set(key, name, bytes(n), part(n));
        row("resident", "Resident, whole program", m.resident);
        row("total", "Taken from the system", m.total);
        row("allocated", "In use of that", m.allocated);
        row("processes", "Processes", m.processes);
        row("tables", "Tables", m.tables);
        row("atoms", "Atoms", m.atoms);
    };
    const drawWork = (s: System, red: (name: string) => boolean): void => {
        const queues = s.scheduler.reduce((sum, one) => sum + one.run_queue, 0);
        work.set("Run queues", count(queues + s.run_queue_global), red("run_queue"));
        work.set("Reductions", `${count(s.reductions)}, ${perSecond(s.reductions_per_s)}`);
        work.set("Timers", count(s.timers));
        work.set("Threads", count(s.threads));
        work.set("Read", `${bytes(s.io.in)}, ${rate(s.io.in_per_s)}`);
        work.set("Written", `${bytes(s.io.out)}, ${rate(s.io.out_per_s)}`);
        work.set("Zombies", count(s.zombies), red("zombies"));
        work.set("Log events dropped", count(s.log_dropped), red("log_dropped"));
    };
    const draw = (s: System): void => {
        const red = (name: string): boolean => s.red.includes(name);
        drawHead(s, red);
        for (const [key, name] of LIMITS) {
            const limit = s.limits[key];
            limits.set(
                key,
                name,
                limitWords(limit),
                limit.limit === null ? null : limit.used / limit.limit,
                red(key),
            );
        }
        for (const one of s.scheduler) {
            const use = one.use === null ? "–" : percent(one.use, 1);
            const words = `${use}, ${one.run_queue} waiting, ${short(one.dispatches)} turns`;
            schedulers.set(String(one.number), `Scheduler ${one.number}`, words, one.use ?? 0);
        }
        drawMemory(s.memory);
        drawWork(s, red);
        node.set("Node", s.node);
        node.set("Coppice", s.version);
        node.set("Compiler", s.compiler);
        node.set("Word size", `${s.word_size} bytes`);
        node.set("CPUs", count(s.cpus));
        node.set("Log level", s.log_level);
        node.set("Its time", date(s.time_us / 1000));
    };
    get<System>("/api/system", page.signal)
        .then(draw)
        .catch((error: unknown) => {
            if (!page.signal.aborted) page.root.prepend(notice(wordsOf(error), "bad"));
        });
    listen({ system: draw }, page.signal);
};

function rate(n: number | null): string {
    return n === null ? "–" : `${bytes(n)}/s`;
}
