// SPDX-License-Identifier: Apache-2.0
/* What stands around every page: navigation, heading, the line with the node and the state of the
 * connection. Puts the page that the URL names into the middle. */
import { getSession } from "../data/api";
import { type LiveState, onLiveState } from "../data/live";
import { h, icon, setText } from "../dom/element";
import { matchPath, Router } from "./router";
import type { Route } from "./page";
import { setTheme, theme, type Theme } from "./theme";
import { toastRegion } from "./toast";

export interface NavEntry {
    id: string;
    path: string;
    label: string;
    icon: string;
    /* The letter after g that leads there. */
    key: string;
}

const LIVE_WORDS: Record<LiveState, string> = {
    connecting: "connecting",
    live: "live",
    lost: "no connection",
};

const NEXT_THEME: Record<Theme, Theme> = { auto: "light", light: "dark", dark: "auto" };
const THEME_ICON: Record<Theme, string> = { auto: "auto", light: "sun", dark: "moon" };

export class Shell {
    readonly router: Router;
    private readonly heading = h("h1", { attrs: { tabindex: -1 } });
    private readonly aside = h("span", "page-aside");
    private readonly tools = h("div", { class: "page-tools" });
    private readonly main = h("main", { class: "page-body", attrs: { id: "page", tabindex: 0 } });
    private readonly links = new Map<string, HTMLAnchorElement>();
    private leaves = new AbortController();
    private shownPath = "";
    private first = true;

    constructor(
        private readonly nav: readonly NavEntry[],
        private readonly routes: readonly Route[],
        onHelp: () => void,
    ) {
        document.body.append(
            h("a", { class: "skip", attrs: { href: "#page" } }, "Skip to the page"),
            this.sidebar(onHelp),
            h(
                "div",
                "content",
                h(
                    "header",
                    "page-head",
                    h("div", "page-title", this.heading, this.aside),
                    this.tools,
                ),
                this.main,
            ),
            toastRegion(),
        );
        this.router = new Router((path, query) => this.show(path, query));
    }

    private sidebar(onHelp: () => void): HTMLElement {
        const entries = this.nav.map((entry) => {
            const link = h(
                "a",
                {
                    class: "nav-link",
                    attrs: { href: entry.path, title: `${entry.label} (g ${entry.key})` },
                },
                icon(entry.icon),
                h("span", "nav-label", entry.label),
            );
            this.links.set(entry.id, link);
            return h("li", null, link);
        });
        return h(
            "div",
            "sidebar",
            h(
                "a",
                { class: "brand", attrs: { href: "/", "aria-label": "Coppice Observer" } },
                icon("stump", "brand-icon"),
                h("span", "brand-words", h("b", null, "Coppice"), h("small", null, "Observer")),
            ),
            h("nav", { attrs: { "aria-label": "Pages" } }, h("ul", "nav-list", ...entries)),
            h("div", "sidebar-foot", this.nodeLine(), this.footButtons(onHelp)),
        );
    }

    private nodeLine(): HTMLElement {
        const name = h("span", "node-name");
        const words = h("span", "live-words");
        const lock = h("span", { class: "badge", attrs: { hidden: true } }, "read-only");
        const line = h(
            "div",
            { class: "node-status", attrs: { role: "status" } },
            h("span", { class: "live-dot", attrs: { "aria-hidden": "true" } }),
            h("span", "node-words", name, words),
            lock,
        );
        onLiveState((state) => {
            document.body.dataset["live"] = state;
            setText(words, LIVE_WORDS[state]);
            getSession()
                .then((session) => {
                    setText(name, session.program);
                    const { program, version, node, pid } = session;
                    name.title = `${program} ${version}, ${node}, OS process ${pid}`;
                    lock.hidden = !session.read_only;
                    document.body.classList.toggle("read-only", session.read_only);
                })
                .catch(() => setText(words, LIVE_WORDS.lost));
        });
        return line;
    }

    private footButtons(onHelp: () => void): HTMLElement {
        const themeButton = h("button", { class: "icon-button", attrs: { type: "button" } });
        const drawTheme = (): void => {
            themeButton.replaceChildren(icon(THEME_ICON[theme()]));
            themeButton.title = `Colours: ${theme()}`;
            themeButton.setAttribute("aria-label", `Colours: ${theme()}`);
        };
        themeButton.addEventListener("click", () => {
            setTheme(NEXT_THEME[theme()]);
            drawTheme();
        });
        drawTheme();
        const help = h(
            "button",
            {
                class: "icon-button",
                attrs: { type: "button", title: "Keys (?)", "aria-label": "Keyboard" },
                on: { click: onHelp },
            },
            icon("keyboard"),
        );
        return h("div", "foot-buttons", themeButton, help);
    }

    /* Leaves the page that is shown and opens the one of the path. */
    private show(path: string, query: URLSearchParams): void {
        if (path === "/") return this.router.go(this.nav[0]!.path);
        const found = this.find(path);
        this.leaves.abort();
        this.leaves = new AbortController();
        const samePage = this.shownPath === path;
        this.shownPath = path;
        const root = h("div", "page");
        this.tools.replaceChildren();
        this.title("");
        this.main.replaceChildren(root);
        this.main.dataset["page"] = found?.route.nav ?? "none";
        for (const [id, link] of this.links) {
            if (id === found?.route.nav) link.setAttribute("aria-current", "page");
            else link.removeAttribute("aria-current");
        }
        if (found) this.open(found.route, found.params, path, query, root);
        else this.nowhere(root, path);
        if (!this.first && !samePage) this.heading.focus({ preventScroll: true });
        this.first = false;
    }

    private find(path: string): { route: Route; params: Record<string, string> } | null {
        for (const route of this.routes) {
            const params = matchPath(route.pattern, path);
            if (params) return { route, params };
        }
        return null;
    }

    private open(
        route: Route,
        params: Record<string, string>,
        path: string,
        query: URLSearchParams,
        root: HTMLElement,
    ): void {
        route.show({
            path,
            params,
            query,
            root,
            tools: this.tools,
            signal: this.leaves.signal,
            title: (text, aside = "") => this.title(text, aside),
            go: (url) => this.router.go(url),
            remember: (changes) => {
                for (const [key, value] of Object.entries(changes)) {
                    if (value === null || value === "") query.delete(key);
                    else query.set(key, value);
                }
                this.router.replaceQuery(query);
            },
        });
    }

    private nowhere(root: HTMLElement, path: string): void {
        this.title("Nothing here");
        root.append(h("p", "empty", `There is no page ${path}. The navigation lists all.`));
    }

    private title(text: string, aside = ""): void {
        setText(this.heading, text);
        setText(this.aside, aside);
        document.title = text ? `${text} · Observer` : "Observer";
    }
}
