// SPDX-License-Identifier: Apache-2.0
/* Beside the tree: what is known of the chosen node, and its links and monitors on demand; what the
 * marks mean while none is chosen. Always there, so that a click moves nothing. */
import { Facts, nameOf, processLink } from "../app/controls";
import { processUrl } from "../app/page";
import { get, processPath } from "../data/api";
import { bytes, count } from "../data/format";
import type { ProcessInfo, ProcessRef } from "../data/types";
import { h, icon, setText } from "../dom/element";
import type { Node } from "./model";
import { nodeTitle } from "./model";
import { intensityWords, restartsNow } from "./node";

export interface Relation {
    from: string;
    to: string;
    kind: "link" | "monitor";
}

const LEGEND = [
    ["worker", "a worker"],
    ["supervisor", "a supervisor"],
    ["worker new", "has just started"],
    ["worker regrown", "grew back after a crash"],
    ["worker restarting", "waits to be restarted"],
    ["worker ended", "has just ended"],
] as const;

function legendLine(mark: string, words: string): HTMLElement {
    const sign = h("span", { class: `node ${mark}`, attrs: { "aria-hidden": "true" } });
    if (mark !== "supervisor") sign.append(h("i", "node-mark"));
    return h("li", null, sign, words);
}

export class Inspector {
    readonly element: HTMLElement;
    private readonly title = h("h2", "inspector-title");
    private readonly body = h("div", "inspector-body");
    private readonly relations = h("div", "inspector-relations");
    private facts = new Facts();
    private shown: string | null | undefined = undefined;

    constructor(
        private readonly onRelations: (relations: Relation[]) => void,
        private readonly onMenu: (node: Node, at: Element) => void,
    ) {
        this.element = h(
            "aside",
            { class: "inspector", attrs: { "aria-label": "Chosen process" } },
            this.title,
            this.body,
            this.relations,
        );
        this.show(null);
    }

    /* Shows a node, or nothing. */
    show(node: Node | null): void {
        if (this.shown !== (node?.key ?? null)) {
            this.shown = node?.key ?? null;
            this.facts = new Facts();
            this.body.replaceChildren(this.facts.element);
            this.relations.replaceChildren();
            this.onRelations([]);
            if (node) this.buttons(node);
            else this.legend();
        }
        if (node) this.draw(node);
    }

    private legend(): void {
        setText(this.title, "");
        this.body.replaceChildren(
            h("p", "soft", "Click a process, or move with the arrow keys. Right click for more."),
            h("ul", "legend", ...LEGEND.map(([mark, words]) => legendLine(mark, words))),
        );
    }

    private draw(node: Node): void {
        setText(this.title, nodeTitle(node));
        const { facts } = this;
        const ended = node.ended > 0;
        facts.set("Pid", node.pid ?? "–");
        facts.set(
            "State",
            ended ? "ended" : node.state === "running" ? (node.status ?? "running") : node.state,
            ended,
        );
        if (node.reason) facts.set("Reason", node.reason);
        facts.set("Type", node.kind);
        if (node.restart) facts.set("Restart", node.restart);
        if (node.id) facts.set("Child id", node.id);
        if (node.module) facts.set("Module", node.module);
        facts.set("Memory", bytes(node.memory));
        facts.set("Queue", count(node.queue));
        if (node.intensity) {
            const restarts = restartsNow(node.intensity, performance.now());
            facts.set("Strategy", node.intensity.strategy);
            facts.set("Children", count(node.count));
            facts.set(
                "Intensity",
                intensityWords(node.intensity, restarts),
                restarts >= node.intensity.max,
            );
            facts.set("Restarts in all", count(node.intensity.total));
        }
    }

    private buttons(node: Node): void {
        if (node.pid === null) return;
        const pid = node.pid;
        const menu = h(
            "button",
            { class: "button", attrs: { type: "button", "aria-haspopup": "menu" } },
            icon("more"),
            h("span", null, "Actions"),
        );
        menu.addEventListener("click", () => this.onMenu(node, menu));
        const links = h(
            "button",
            { class: "button", attrs: { type: "button", "aria-pressed": "false" } },
            icon("link"),
            h("span", null, "Links"),
        );
        links.addEventListener("click", () => void this.showRelations(pid));
        const open = h(
            "a",
            { class: "button", attrs: { href: processUrl(pid) } },
            icon("info"),
            h("span", null, "Open"),
        );
        this.body.append(h("div", "inspector-buttons", open, links, menu));
    }

    /* Asks for the links and monitors, lists them and draws those that lie in the tree. */
    async showRelations(pid: string): Promise<void> {
        let info: ProcessInfo;
        try {
            info = await get<ProcessInfo>(processPath(pid));
        } catch {
            this.relations.replaceChildren(h("p", "empty", "It has ended."));
            return;
        }
        if (!info.alive || this.shown !== pid) return;
        const drawn: Relation[] = [];
        const sections: HTMLElement[] = [];
        const list = (
            title: string,
            processes: ProcessRef[] | "busy",
            kind: Relation["kind"],
            to: boolean,
        ): void => {
            if (processes === "busy") {
                sections.push(h("p", "empty", `${title}: busy`));
                return;
            }
            for (const one of processes) {
                drawn.push(
                    to ? { from: pid, to: one.pid, kind } : { from: one.pid, to: pid, kind },
                );
            }
            const items = processes
                .toSorted((a, b) => nameOf(a).localeCompare(nameOf(b)))
                .map((one) => h("li", null, processLink(one)));
            sections.push(
                h("h3", null, `${title} (${processes.length})`),
                h("ul", "plain-list", ...items),
            );
        };
        list("Links", info.links, "link", true);
        list("Monitors", info.monitors, "monitor", true);
        list("Monitored by", info.monitored_by, "monitor", false);
        this.relations.replaceChildren(...sections);
        this.onRelations(drawn);
    }
}
