// SPDX-License-Identifier: Apache-2.0
/* The small parts that several pages use: search field, buttons, selects, links to processes. */
import { h, icon, setText } from "../dom/element";
import type { Busy, ProcessRef, Term } from "../data/types";
import { processUrl } from "./page";

/* A search field; calls `onText` while the viewer types, a little later so as not to flood. */
export function searchField(
    label: string,
    value: string,
    onText: (text: string) => void,
    wait = 120,
): HTMLElement {
    let timer = 0;
    const input = h("input", {
        class: "search-input",
        attrs: {
            type: "search",
            placeholder: label,
            "aria-label": label,
            spellcheck: "false",
            autocomplete: "off",
            "data-search": true,
        },
    });
    input.value = value;
    const tell = (): void => {
        clearTimeout(timer);
        onText(input.value);
    };
    input.addEventListener("input", () => {
        clearTimeout(timer);
        timer = window.setTimeout(tell, wait);
    });
    input.addEventListener("keydown", (event) => {
        if (event.key === "Enter") tell();
        if (event.key === "Escape") {
            input.value = "";
            tell();
        }
    });
    return h("span", "search", icon("search"), input);
}

export function button(label: string, iconName: string | null, run: () => void): HTMLButtonElement {
    return h(
        "button",
        { class: "button", attrs: { type: "button" }, on: { click: run } },
        iconName ? icon(iconName) : null,
        h("span", null, label),
    );
}

export function iconButton(label: string, iconName: string, run: () => void): HTMLButtonElement {
    return h(
        "button",
        {
            class: "icon-button",
            attrs: { type: "button", "aria-label": label, title: label },
            on: { click: run },
        },
        icon(iconName),
    );
}

/* A button that is on or off. */
export function toggle(
    label: string,
    iconName: string,
    on: boolean,
    change: (on: boolean) => void,
): HTMLButtonElement {
    const element = button(label, iconName, () => {
        const next = element.getAttribute("aria-pressed") !== "true";
        element.setAttribute("aria-pressed", String(next));
        change(next);
    });
    element.setAttribute("aria-pressed", String(on));
    return element;
}

/* A choice of few. `options` are [value, words]. */
export function select(
    label: string,
    options: readonly (readonly [string, string])[],
    value: string,
    change: (value: string) => void,
): HTMLSelectElement {
    const element = h("select", {
        class: "select",
        attrs: { "aria-label": label, title: label },
        on: { change: () => change(element.value) },
    });
    for (const [option, words] of options) {
        element.append(h("option", { attrs: { value: option } }, words));
    }
    element.value = value;
    return element;
}

/* What a process is called: its name, else its label, else its pid. */
export function nameOf(process: ProcessRef): string {
    return process.name ?? process.label ?? process.pid;
}

/* A link to a process: its name with the pid small beside it. */
export function processLink(process: ProcessRef): HTMLAnchorElement {
    const called = nameOf(process);
    return h(
        "a",
        { class: "process-link", attrs: { href: processUrl(process.pid) } },
        h("span", "mono", called),
        called === process.pid ? null : h("span", "pid", process.pid),
    );
}

/* A term as text, with a mark when parts of it are left out. */
export function termText(term: Term | Busy | null): string {
    if (term === null) return "";
    if (term === "busy") return "busy";
    return term.text;
}

/* A named group of figures. */
export function card(title: string, ...content: (Node | null)[]): HTMLElement {
    return h("section", "card", h("h2", null, title), ...content);
}

/* A list of names and values whose values can be set later by name. */
export class Facts {
    readonly element = h("dl", "facts");
    private readonly values = new Map<string, HTMLElement>();

    set(name: string, value: string | Node, red = false): void {
        let place = this.values.get(name);
        if (!place) {
            place = h("dd");
            this.values.set(name, place);
            this.element.append(h("div", "fact", h("dt", null, name), place));
        }
        if (typeof value === "string") setText(place, value);
        else place.replaceChildren(value);
        place.classList.toggle("red", red);
    }
}

/* The place for words when there is nothing to show, or when the node refused. */
export function notice(text: string, kind: "empty" | "bad" = "empty"): HTMLElement {
    return h("p", { class: kind, attrs: { role: kind === "bad" ? "alert" : undefined } }, text);
}
