// SPDX-License-Identifier: Apache-2.0
/* Applications: the supervision tree of each, as it grows and shrinks. */
import { processMenu, type ChildOf } from "../app/actions";
import { iconButton, notice, searchField } from "../app/controls";
import { openMenu, openMenuAt, type MenuItem } from "../app/menu";
import { type PageContext, type PageFn, processUrl } from "../app/page";
import { get, withQuery, wordsOf } from "../data/api";
import { plural } from "../data/format";
import { listen } from "../data/live";
import type { Application, TreeEvent, TreeNode } from "../data/types";
import { h, setText } from "../dom/element";
import { every, Redraw } from "../dom/frame";
import { KeyedList } from "../dom/keyed";
import { Inspector } from "../tree/inspector";
import { type Node, nodeTitle, TreeModel } from "../tree/model";
import { TreeView } from "../tree/view";

/* How often all of the tree is put right, and how soon a supervisor whose children changed. */
const SYNC_MS = 3000;
const STALE_MS = 150;
/* The tree is laid out anew at most so often. */
const LAYOUT_MS = 90;

interface Answer {
    applications: Application[];
}

class ApplicationsPage {
    private model: TreeModel | null = null;
    private readonly tree: TreeView;
    private readonly inspector: Inspector;
    private readonly list = h("ul", "tabs");
    private readonly items: KeyedList<Application, HTMLLIElement>;
    private readonly summary = h("p", { class: "tree-summary", attrs: { role: "status" } });
    private readonly stage = h("div", "tree-stage");
    private readonly redraw: Redraw;
    private applications: Application[] = [];
    private staleTimer = 0;
    private loading = false;
    private wanted: string | null;

    constructor(private readonly page: PageContext) {
        this.wanted = page.query.get("pid");
        this.tree = new TreeView({
            label: "Supervision tree",
            onSelect: (node) => this.selected(node),
            onOpen: (node) => node.pid && page.go(processUrl(node.pid)),
            onMenu: (node, at) =>
                openMenu(at.x, at.y, nodeTitle(node), processMenu(...this.menuOf(node))),
            onMore: (node, shown) => void this.loadMore(node, shown),
        });
        this.inspector = new Inspector(
            (relations) => {
                this.tree.relations = relations;
                this.redraw?.ask();
            },
            (node, at) => openMenuAt(at, nodeTitle(node), processMenu(...this.menuOf(node))),
        );
        this.items = new KeyedList<Application, HTMLLIElement>(this.list, {
            key: (app) => app.name,
            create: (app) =>
                h(
                    "li",
                    null,
                    h(
                        "a",
                        {
                            class: "tab",
                            attrs: {
                                href: `/applications/${encodeURIComponent(app.name)}`,
                                title: app.description,
                            },
                        },
                        app.name,
                        app.root ? null : h("small", "soft", " library"),
                    ),
                ),
            update: (item, app) => {
                const link = item.firstElementChild!;
                if (app.name === this.model?.application) link.setAttribute("aria-current", "true");
                else link.removeAttribute("aria-current");
            },
        });
        this.redraw = new Redraw(() => this.draw(), page.signal, LAYOUT_MS);
    }

    start(): void {
        const { page } = this;
        page.title("Applications");
        page.root.classList.add("applications");
        this.stage.append(this.tree.element, this.summary);
        page.root.append(
            h("nav", { class: "app-tabs", attrs: { "aria-label": "Applications" } }, this.list),
            this.stage,
            this.inspector.element,
        );
        page.tools.append(
            searchField("Find in the tree", page.query.get("q") ?? "", (text) => this.search(text)),
            h(
                "span",
                "button-group",
                iconButton("Zoom in", "plus", () => this.tree.zoomBy(1)),
                iconButton("Zoom out", "minus", () => this.tree.zoomBy(-1)),
                iconButton("All of it", "fit", () => this.tree.fit()),
            ),
            iconButton("Fold or unfold all", "chevron", () => this.tree.foldAll()),
        );
        listen({ tree: ({ lost, events }) => this.events(lost, events) }, page.signal, {
            again: () => void this.load(),
        });
        void this.load();
        every(SYNC_MS, page.signal, () => void this.load());
        every(100, page.signal, () => this.tick());
        page.signal.addEventListener("abort", () => clearTimeout(this.staleTimer));
    }

    /* Loads all applications; the tree of the one that is shown is put right by it. */
    private async load(): Promise<void> {
        if (this.loading) return;
        this.loading = true;
        try {
            const answer = await get<Answer>("/api/applications", this.page.signal);
            this.applications = answer.applications;
            this.adopt();
        } catch (error) {
            if (!this.page.signal.aborted && !this.model)
                this.stage.replaceChildren(notice(wordsOf(error), "bad"));
        } finally {
            this.loading = false;
        }
    }

    private adopt(): void {
        const name = this.page.params["name"];
        const app =
            this.applications.find((one) => one.name === name) ??
            (name === undefined ? this.applications.findLast((one) => one.root) : undefined);
        if (!app) {
            this.items.render(this.applications);
            setText(this.summary, name ? `No application ${name} runs here.` : "No application.");
            return;
        }
        const first = this.model === null;
        this.model ??= new TreeModel(app.name);
        this.model.load(app.root, performance.now(), first);
        this.page.title("Applications", `${app.name} ${app.version}`.trim());
        this.items.render(this.applications);
        if (first) this.firstLook();
        this.redraw.ask();
    }

    private firstLook(): void {
        this.tree.render(this.model!.root);
        this.tree.fitWidth();
        const node = this.wanted ? this.model!.find(this.wanted) : undefined;
        if (node) this.tree.select(node);
        const text = this.page.query.get("q");
        if (text) this.search(text);
    }

    private events(lost: number, events: readonly TreeEvent[]): void {
        const { model } = this;
        if (!model) return;
        const now = performance.now();
        for (const event of events) model.apply(event, now);
        if (lost > 0 || model.rootLost) void this.load();
        if (model.stale.size > 0 && this.staleTimer === 0) {
            this.staleTimer = window.setTimeout(() => void this.loadStale(), STALE_MS);
        }
        this.redraw.ask();
    }

    /* Asks the supervisors whose children have changed what became of them. */
    private async loadStale(): Promise<void> {
        this.staleTimer = 0;
        const { model } = this;
        if (!model) return;
        const pids = [...model.stale].slice(0, 8);
        model.stale.clear();
        await Promise.all(
            pids.map(async (pid) => {
                try {
                    const part = await get<TreeNode>(
                        `/api/tree/${encodeURIComponent(pid)}`,
                        this.page.signal,
                    );
                    model.loadPart(part, performance.now());
                } catch {
                    /* It has ended meanwhile: an event tells that. */
                }
            }),
        );
        this.redraw.ask();
    }

    private async loadMore(node: Node, shown: number): Promise<void> {
        if (node.pid === null || !this.model) return;
        const path = withQuery(`/api/tree/${encodeURIComponent(node.pid)}`, {
            offset: node.children.filter((child) => !child.ended).length,
            children: Math.max(200, shown - node.children.length),
        });
        try {
            const part = await get<TreeNode>(path, this.page.signal);
            const info = part.supervisor;
            if (info && info !== "busy" && info.children)
                this.model.loadMore(node.pid, info.children, 0);
        } catch {
            void this.load();
        }
        this.redraw.ask();
    }

    /* Backoffs count down, marks fade, ghosts go. */
    private tick(): void {
        if (!this.model) return;
        this.model.expire(performance.now());
        this.redraw.ask();
    }

    private draw(): void {
        if (!this.model) return;
        this.tree.render(this.model.root);
        const node = this.tree.selectedNode();
        if (node) this.inspector.show(node);
        setText(this.summary, `${plural(this.total(), "process", "processes")} in the tree`);
    }

    /* Also those that are not loaded: what the supervisors count. */
    private total(): number {
        let all = 0;
        const todo: Node[] = [this.model!.root];
        for (let node = todo.pop(); node; node = todo.pop()) {
            all += node.count;
            for (const child of node.children)
                if (child.count > 0 && !child.ended) todo.push(child);
        }
        return all;
    }

    private selected(node: Node | null): void {
        this.page.remember({ pid: node?.pid ?? null });
        this.inspector.show(node);
    }

    private search(text: string): void {
        this.page.remember({ q: text || null });
        const want = text.toLowerCase();
        const matches = (node: Node): boolean =>
            [node.name, node.label, node.pid, node.id, node.module].some((value) =>
                value?.toLowerCase().includes(want),
            );
        this.tree.search(want ? matches : null);
        if (!want || !this.model) return;
        const hits = this.hits(matches);
        const chosen = this.tree.selectedNode();
        const at = chosen ? hits.indexOf(chosen) : -1;
        const next = hits[(at + 1) % hits.length];
        if (next) this.tree.select(next);
        setText(this.summary, hits.length ? plural(hits.length, "match", "matches") : "no match");
    }

    private hits(matches: (node: Node) => boolean): Node[] {
        const hits: Node[] = [];
        const todo: Node[] = [this.model!.root];
        for (let node = todo.pop(); node; node = todo.pop()) {
            if (matches(node) && !node.ended) hits.push(node);
            todo.push(...node.children.toReversed());
        }
        return hits;
    }

    private menuOf(node: Node): Parameters<typeof processMenu> {
        const go = (url: string): void => this.page.go(url);
        const parent = node.parent?.pid ?? null;
        const child: ChildOf | null =
            parent === null
                ? null
                : { supervisor: parent, id: node.id, running: node.state === "running" };
        const extra: MenuItem[] = [
            {
                label: "Show links and monitors",
                icon: "link",
                run: () => {
                    this.tree.select(node, false);
                    if (node.pid) void this.inspector.showRelations(node.pid);
                },
            },
        ];
        const process =
            node.pid === null ? null : { pid: node.pid, name: node.name, label: node.label };
        return [process, go, child, extra];
    }
}

export const applicationsPage: PageFn = (page) => new ApplicationsPage(page).start();
