// SPDX-License-Identifier: Apache-2.0
/* A page is a URL. Paths choose the page, the query holds what it shows (filter, order, selection),
 * so that back, reload and a shared link lead to the same picture. */

export interface Location {
    path: string;
    params: Readonly<Record<string, string>>;
    query: URLSearchParams;
}

/* The parameters of `path` under a pattern such as /processes/:pid, or null. */
export function matchPath(pattern: string, path: string): Record<string, string> | null {
    const want = pattern.split("/");
    const have = path.split("/");
    if (want.length !== have.length) return null;
    const params: Record<string, string> = {};
    for (let i = 0; i < want.length; i++) {
        const part = want[i]!;
        const value = have[i]!;
        if (!part.startsWith(":")) {
            if (part !== value) return null;
        } else if (value === "") {
            return null;
        } else {
            try {
                params[part.slice(1)] = decodeURIComponent(value);
            } catch {
                return null;
            }
        }
    }
    return params;
}

export class Router {
    /* Is called with each place that the viewer goes to. */
    constructor(private readonly show: (path: string, query: URLSearchParams) => void) {
        window.addEventListener("popstate", () => this.here());
        document.addEventListener("click", (event) => this.click(event));
    }

    here(): void {
        this.show(location.pathname.replace(/(.)\/$/, "$1"), new URLSearchParams(location.search));
    }

    go(url: string): void {
        if (url === location.pathname + location.search) return this.here();
        history.pushState(null, "", url);
        this.here();
    }

    /* Goes on under another URL without a new entry in the viewer's history. */
    replaceQuery(query: URLSearchParams): void {
        const text = query.toString();
        history.replaceState(null, "", location.pathname + (text ? `?${text}` : ""));
    }

    /* Plain clicks on links of this page stay in it; with a modifier the browser does its own. */
    private click(event: MouseEvent): void {
        if (event.defaultPrevented || event.button !== 0) return;
        if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
        const link = event.target instanceof Element && event.target.closest("a[href]");
        if (!(link instanceof HTMLAnchorElement) || link.target || link.hasAttribute("download"))
            return;
        if (link.origin !== location.origin || link.pathname.startsWith("/api/")) return;
        event.preventDefault();
        this.go(link.pathname + link.search);
    }
}
