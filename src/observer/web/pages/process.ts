// SPDX-License-Identifier: Apache-2.0
/* One process: everything that the node knows of it, also after its end. */
import { processMenu, type ChildOf } from "../app/actions";
import { button, card, Facts, notice, processLink, termText } from "../app/controls";
import { openMenuAt } from "../app/menu";
import { type PageContext, type PageFn, processUrl } from "../app/page";
import { ApiError, get, processPath, wordsOf } from "../data/api";
import { bytes, count, date, plural } from "../data/format";
import { listen } from "../data/live";
import type {
    Busy,
    DeadProcess,
    Frame,
    LiveProcess,
    ProcessInfo,
    ProcessMessages,
    ProcessRef,
    ProcessState,
    Term,
} from "../data/types";
import { h, icon } from "../dom/element";
import { every } from "../dom/frame";
import { eventList, frameList } from "./parts";

const REFRESH_MS = 2000;
const SHOWN_LINKS = 60;

function relations(title: string, list: ProcessRef[] | Busy, all: number | null): HTMLElement {
    if (list === "busy") return card(title, notice("It did not answer in 200 ms."));
    const items = list.slice(0, SHOWN_LINKS).map((one) => h("li", null, processLink(one)));
    const rest = (all ?? list.length) - items.length;
    return card(
        list.length ? `${title} (${count(all ?? list.length)})` : title,
        list.length ? h("ul", "plain-list wrap", ...items) : notice("None."),
        rest > 0 ? h("p", "soft", `and ${plural(rest, "more", "more")}`) : null,
    );
}

function termBlock(term: Term | Busy | null, label: string): HTMLElement {
    if (term === null) return notice("None.");
    if (term === "busy")
        return notice("No answer in 200 ms: it is busy. It is asked again by Refresh.");
    return h(
        "div",
        null,
        h("pre", { class: "term", attrs: { tabindex: 0, "aria-label": label } }, term.text),
        term.cut ? h("p", "soft", "Cut: it is larger than what is shown.") : null,
    );
}

function numbered(terms: Term[]): HTMLElement {
    return h("ol", "term-list", ...terms.map((term) => h("li", "mono", termText(term))));
}

class ProcessPage {
    private readonly facts = new Facts();
    private readonly work = new Facts();
    private readonly state = h("div", { attrs: { "data-part": "state" } });
    private readonly messages = h("div");
    private readonly related = h("div", "cards");
    private readonly dictionary = h("div");
    private readonly stack = h("div");
    private readonly events = h("div");
    private readonly buttons = h("div", "button-group");
    private info: LiveProcess | null = null;
    private known = false;
    /* Each question to a busy process waits in its mailbox: it is not asked by itself again. */
    private isStateBusy = false;
    private readonly pid: string;

    constructor(private readonly page: PageContext) {
        this.pid = page.params["pid"]!;
    }

    start(): void {
        const { page } = this;
        page.title(this.pid);
        page.root.classList.add("process");
        page.tools.append(
            this.buttons,
            button("Refresh", "restart", () => {
                this.isStateBusy = false;
                void this.refresh();
            }),
        );
        void this.refresh();
        every(REFRESH_MS, page.signal, () => {
            if (this.info) void this.refresh();
        });
        listen(
            {
                processes: ({ events }) => {
                    const ended = events.some((e) => e.event === "exit" && e.pid === this.pid);
                    if (ended) void this.refresh();
                },
            },
            page.signal,
        );
    }

    private async refresh(): Promise<void> {
        const { signal } = this.page;
        try {
            const info = await get<ProcessInfo>(processPath(this.pid), signal);
            if (info.alive) await this.showLive(info);
            else this.showDead(info);
        } catch (error) {
            if (signal.aborted) return;
            if (error instanceof ApiError && error.status === 404 && this.known) this.markDead();
            else if (!this.known) this.page.root.replaceChildren(notice(wordsOf(error), "bad"));
        }
    }

    private async showLive(info: LiveProcess): Promise<void> {
        const { signal } = this.page;
        if (!this.known) this.build();
        this.info = info;
        this.page.title(info.name ?? info.label ?? info.pid, info.pid);
        this.drawFacts(info);
        this.related.replaceChildren(
            relations("Links", info.links, info.links_count),
            relations("Monitors", info.monitors, info.monitors_count),
            relations("Monitored by", info.monitored_by, info.monitored_by_count),
        );
        this.drawDictionary(info.dictionary);
        this.stack.replaceChildren(stackOf(info.stacktrace));
        this.events.replaceChildren(eventList(info.events));
        const [messages] = await Promise.all([
            get<ProcessMessages>(processPath(this.pid, "/messages"), signal),
            this.isStateBusy ? null : this.askState(),
        ]);
        this.drawMessages(messages);
    }

    private async askState(): Promise<void> {
        const answer = await get<ProcessState>(processPath(this.pid, "/state"), this.page.signal);
        this.isStateBusy = answer.state === "busy";
        keepScroll(
            this.state,
            answer.state === null
                ? notice("It handles no system messages, so it cannot be asked for a state.")
                : termBlock(answer.state, "State"),
        );
    }

    private build(): void {
        this.known = true;
        this.page.root.replaceChildren(
            h(
                "div",
                "cards process-cards",
                card("Overview", this.facts.element),
                card("Work", this.work.element),
            ),
            card("State", this.state),
            this.related,
            h(
                "div",
                "cards process-cards",
                card("Messages", this.messages),
                card("Dictionary", this.dictionary),
            ),
            h(
                "div",
                "cards process-cards",
                card("Native stack", this.stack),
                card("Recent events", this.events),
            ),
        );
        const menu = button("Actions", "more", () =>
            openMenuAt(menu, this.pid, this.menuItems().slice(1)),
        );
        menu.setAttribute("aria-haspopup", "menu");
        this.buttons.replaceChildren(menu);
    }

    private menuItems(): ReturnType<typeof processMenu> {
        const { info } = this;
        if (!info) return [];
        const parent = info.parent;
        const child: ChildOf | null =
            parent && parent !== "busy" && info.child_id
                ? { supervisor: parent.pid, id: info.child_id.text, running: true }
                : null;
        return processMenu(info, this.page.go, child);
    }

    private drawFacts(info: LiveProcess): void {
        const { facts, work } = this;
        const link = (one: ProcessRef | Busy | null): string | Node =>
            one === null ? "–" : one === "busy" ? "busy" : processLink(one);
        facts.set("Pid", `#PID<${info.pid}>`);
        facts.set("Registered name", info.name ?? "–");
        if (info.label !== null) facts.set("Label", info.label);
        facts.set("Initial call", info.initial_call ?? "–");
        facts.set("Application", info.application ?? "–");
        facts.set("Supervisor", link(info.parent));
        if (info.child_id) facts.set("Child id", info.child_id.text);
        facts.set("Group leader", link(info.group_leader));
        if (info.ancestors !== "busy" && info.ancestors.length > 0) {
            const links = info.ancestors.flatMap((one, i) =>
                i === 0 ? [processLink(one)] : [" ‹ ", processLink(one)],
            );
            facts.set("Ancestors", h("span", null, ...links));
        }
        if (info.tables.length > 0) facts.set("Tables", this.tableLinks(info.tables));
        const status = info.suspended ? "suspended" : info.status;
        work.set("Status", status, info.status === "exiting");
        work.set("Current function", info.current_function ?? "–");
        work.set("Scheduler", info.scheduler === null ? "–" : String(info.scheduler));
        work.set("Queue", count(info.queue), info.queue >= 1000);
        work.set("Reductions", count(info.reductions));
        work.set("Memory", bytes(info.memory));
        work.set("Stack", info.stack_size ? bytes(info.stack_size) : "none");
        work.set("Priority", info.priority);
        work.set("Traps exits", info.trap_exit ? "yes" : "no");
    }

    private tableLinks(tables: string[]): HTMLElement {
        const links = tables.map((table) =>
            h("a", { attrs: { href: `/tables/${encodeURIComponent(table)}` } }, table),
        );
        return h("span", null, ...links.flatMap((link, i) => (i ? [", ", link] : [link])));
    }

    private drawMessages(answer: ProcessMessages): void {
        if (answer.messages === "busy") {
            this.messages.replaceChildren(notice(`${count(answer.count)} waiting; it is busy.`));
            return;
        }
        const rest = answer.count - answer.messages.length;
        this.messages.replaceChildren(
            answer.count === 0 ? notice("None waits.") : numbered(answer.messages),
        );
        if (rest > 0) this.messages.append(h("p", "soft", `and ${count(rest)} more`));
    }

    private drawDictionary(entries: LiveProcess["dictionary"]): void {
        if (entries === "busy" || entries.length === 0) {
            this.dictionary.replaceChildren(notice(entries === "busy" ? "busy" : "Empty."));
            return;
        }
        const table = new Facts();
        for (const { key, value } of entries) table.set(termText(key), termText(value));
        table.element.classList.add("mono");
        this.dictionary.replaceChildren(table.element);
    }

    /* It has ended and nothing more is known: what was seen last stays, under a sign. */
    private markDead(dead?: DeadProcess): void {
        this.info = null;
        this.buttons.replaceChildren();
        this.page.root.querySelector(".dead")?.remove();
        const words = dead?.time_us ? `Ended ${date(dead.time_us / 1000)}: ` : "It has ended.";
        const links = [
            dead?.crash != null ? link(`/crashes/${dead.crash}`, "crashes", "Its crash") : null,
            dead?.successor
                ? link(processUrl(dead.successor), "stump", "What grew in its place")
                : null,
        ];
        this.page.root.prepend(
            h(
                "div",
                { class: "dead", attrs: { role: "status" } },
                h("b", null, "DEAD"),
                h("span", null, words, dead?.reason ? h("code", null, dead.reason.text) : null),
                ...links,
            ),
        );
    }

    private showDead(dead: DeadProcess): void {
        const before = this.known;
        if (!before) {
            this.known = true;
            this.page.title(dead.name ?? dead.pid, dead.pid);
            this.page.root.replaceChildren();
        }
        this.events.replaceChildren(eventList(dead.events));
        if (!before) {
            const state = dead.state
                ? termBlock(dead.state, "Last state")
                : notice("None is known: it was never asked, and no report tells it.");
            this.state.replaceChildren(state);
            this.page.root.append(
                card("Last state", this.state),
                card("Recent events", this.events),
            );
        }
        this.markDead(dead);
    }
}

function link(href: string, iconName: string, words: string): HTMLElement {
    return h("a", { class: "button", attrs: { href } }, icon(iconName), h("span", null, words));
}

function stackOf(frames: Frame[] | Busy): HTMLElement {
    if (frames === "busy") return notice("busy");
    if (frames.length === 0) return notice("It waits at its top level and needs no stack.");
    return frameList(frames);
}

/* Replaces the content and leaves the viewer where he was in a long text. */
function keepScroll(place: HTMLElement, content: HTMLElement): void {
    const old = place.querySelector("pre");
    const next = content.querySelector("pre");
    if (old && next && old.textContent === next.textContent) return;
    const at = old?.scrollTop ?? 0;
    place.replaceChildren(content);
    if (next) next.scrollTop = at;
}

export const processPage: PageFn = (page) => new ProcessPage(page).start();
