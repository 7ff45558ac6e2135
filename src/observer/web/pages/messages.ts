// SPDX-License-Identifier: Apache-2.0
/* Messages: what chosen processes receive, as a sequence diagram; and who waits for whom. */
import { nameOf, notice, searchField, toggle } from "../app/controls";
import { type PageContext, type PageFn } from "../app/page";
import { toast } from "../app/toast";
import { get, post, processPath, withQuery, wordsOf } from "../data/api";
import { plural } from "../data/format";
import { listen } from "../data/live";
import type {
    Calls,
    ProcessInfo,
    ProcessList,
    ProcessRef,
    Trace,
    TraceMessage,
} from "../data/types";
import { h, icon } from "../dom/element";
import { Redraw } from "../dom/frame";
import { KEPT, SequenceDiagram } from "../sequence/diagram";
import { WaitsGraph } from "../sequence/waits";

const CHOSEN_MAX = 16;

class MessagesPage {
    private readonly diagram = new SequenceDiagram();
    private readonly waits = new WaitsGraph();
    private readonly chips = h("ul", {
        class: "chosen",
        attrs: { "aria-label": "Chosen processes" },
    });
    private readonly hint = notice(
        "Choose processes by name or pid: what they receive is drawn here as it comes.",
    );
    private readonly redraw: Redraw;
    private readonly pause: HTMLButtonElement;
    private chosen: ProcessRef[] = [];
    private messages: TraceMessage[] = [];
    private filter: string;
    private paused = false;
    private lost = 0;
    private missed = 0;

    constructor(private readonly page: PageContext) {
        this.filter = page.query.get("filter") ?? "";
        this.redraw = new Redraw(() => this.draw(), page.signal, 80);
        this.pause = toggle("Pause", "pause", false, (on) => {
            this.paused = on;
            this.missed = 0;
            if (!on) void this.load();
        });
    }

    start(): void {
        const { page } = this;
        page.title("Messages");
        page.root.classList.add("messages");
        const waiting = page.query.get("view") === "waits";
        page.root.append(this.tabs(waiting));
        if (waiting) this.startWaits();
        else void this.startSequence();
    }

    private tabs(waiting: boolean): HTMLElement {
        const tab = (words: string, url: string, current: boolean): HTMLElement =>
            h(
                "a",
                {
                    class: "tab",
                    attrs: { href: url, "aria-current": current ? "page" : undefined },
                },
                words,
            );
        return h(
            "nav",
            { class: "tabs", attrs: { "aria-label": "Views" } },
            tab("Sequence", "/messages", !waiting),
            tab("Who waits for whom", "/messages?view=waits", waiting),
        );
    }

    private startWaits(): void {
        const { page } = this;
        page.root.append(this.waits.element);
        const draw = (calls: Calls): void => {
            page.title("Messages", plural(calls.calls.length, "waiting call"));
            this.waits.render(calls);
        };
        const load = (): void => {
            get<Calls>("/api/calls", page.signal)
                .then(draw)
                .catch((error: unknown) => {
                    if (!page.signal.aborted) toast(wordsOf(error), "bad");
                });
        };
        load();
        listen({ calls: draw }, page.signal, { again: load });
    }

    private async startSequence(): Promise<void> {
        const { page } = this;
        page.root.append(this.chooser(), this.hint, this.diagram.element);
        page.tools.append(
            searchField("Filter: text", this.filter, (text) => {
                this.filter = text;
                page.remember({ filter: text || null });
                this.redraw.ask();
            }),
            this.pause,
        );
        this.diagram.element.addEventListener("keydown", (event) => {
            if (event.key !== " ") return;
            event.preventDefault();
            this.pause.click();
        });
        listen({ trace: (part) => this.received(part.lost, part.messages) }, page.signal, {
            again: () => void this.load(),
        });
        try {
            const trace = await get<Trace>("/api/trace", page.signal);
            this.messages = trace.messages.slice(-KEPT);
            const asked = page.query.get("pids")?.split(",").filter(Boolean) ?? [];
            const pids = [...new Set([...trace.pids, ...asked])].slice(-CHOSEN_MAX);
            this.chosen = await Promise.all(pids.map((pid) => this.resolve(pid)));
            if (asked.some((pid) => !trace.pids.includes(pid))) await this.tell();
            this.adopt();
        } catch (error) {
            if (!page.signal.aborted) toast(wordsOf(error), "bad");
        }
    }

    private chooser(): HTMLElement {
        const field = h("input", {
            class: "field mono",
            attrs: {
                "aria-label": "Add a process by name or pid",
                placeholder: "Add a process: name or pid",
                spellcheck: "false",
                autocomplete: "off",
            },
        });
        const form = h(
            "form",
            "chooser",
            field,
            h(
                "button",
                { class: "button", attrs: { type: "submit" } },
                icon("plus"),
                h("span", null, "Add"),
            ),
            this.chips,
        );
        form.addEventListener("submit", (event) => {
            event.preventDefault();
            const text = field.value.trim().replace(/^#PID<|>$/g, "");
            if (text) void this.add(text).then((found) => found && (field.value = ""));
        });
        return form;
    }

    private async resolve(pid: string): Promise<ProcessRef> {
        try {
            const info = await get<ProcessInfo>(processPath(pid), this.page.signal);
            return { pid, name: info.name, label: info.alive ? info.label : null };
        } catch {
            return { pid, name: null, label: null };
        }
    }

    /* Adds the process of that name or pid, or else the first that the words fit to. */
    private async add(text: string): Promise<boolean> {
        try {
            const path = withQuery("/api/processes", { filter: text, limit: 50, sort: "name" });
            const { processes } = await get<ProcessList>(path, this.page.signal);
            const exact = processes.find((one) => one.pid === text || one.name === text);
            const found = exact ?? processes[0];
            if (!found) {
                toast(`No process ${text}`, "bad");
                return false;
            }
            if (this.chosen.some((one) => one.pid === found.pid)) return true;
            const { pid, name, label } = found;
            this.chosen = [...this.chosen, { pid, name, label }].slice(-CHOSEN_MAX);
            await this.tell();
            this.adopt();
            return true;
        } catch (error) {
            toast(wordsOf(error), "bad");
            return false;
        }
    }

    private async remove(pid: string): Promise<void> {
        this.chosen = this.chosen.filter((one) => one.pid !== pid);
        try {
            await this.tell();
        } catch (error) {
            toast(wordsOf(error), "bad");
        }
        this.adopt();
    }

    private async tell(): Promise<void> {
        await post("/api/trace", { pids: this.chosen.map((one) => one.pid) });
    }

    private adopt(): void {
        this.page.remember({ pids: this.chosen.map((one) => one.pid).join(",") || null });
        this.diagram.setProcesses(this.chosen);
        this.hint.hidden = this.chosen.length > 0;
        this.diagram.element.hidden = this.chosen.length === 0;
        this.chips.replaceChildren(
            ...this.chosen.map((one) =>
                h(
                    "li",
                    null,
                    h(
                        "button",
                        {
                            class: "chip",
                            attrs: { type: "button", "aria-label": `Remove ${nameOf(one)}` },
                            on: { click: () => void this.remove(one.pid) },
                        },
                        nameOf(one),
                        icon("close"),
                    ),
                ),
            ),
        );
        this.redraw.ask();
    }

    private async load(): Promise<void> {
        try {
            const after = this.messages.at(-1)?.number ?? 0;
            const trace = await get<Trace>(`/api/trace?after=${after}`, this.page.signal);
            this.received(trace.lost, trace.messages);
        } catch (error) {
            if (!this.page.signal.aborted) toast(wordsOf(error), "bad");
        }
    }

    private received(lost: number, messages: readonly TraceMessage[]): void {
        this.lost += lost;
        if (this.paused) this.missed += messages.length;
        else {
            const last = this.messages.at(-1)?.number ?? 0;
            const fresh = messages.filter((message) => message.number > last);
            this.messages = [...this.messages, ...fresh].slice(-5 * KEPT);
        }
        this.redraw.ask();
    }

    private draw(): void {
        const want = this.filter.toLowerCase();
        const shown = this.messages.filter(
            (message) =>
                message.term.text.toLowerCase().includes(want) &&
                this.chosen.some((one) => one.pid === message.to.pid),
        );
        this.diagram.render(shown);
        const words = [plural(shown.length, "message")];
        if (this.lost > 0) words.push(`${this.lost} beyond the limit`);
        if (this.missed > 0) words.push(`${this.missed} came while paused`);
        this.page.title("Messages", words.join(", "));
    }
}

export const messagesPage: PageFn = (page) => new MessagesPage(page).start();
