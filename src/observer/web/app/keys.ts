// SPDX-License-Identifier: Apache-2.0
/* Keys that work everywhere: g and a letter goes to a page, / to the search field, ? shows them.
 * Typing in a field is never taken for a command. */
import { h } from "../dom/element";
import { tell } from "./dialog";
import type { NavEntry } from "./shell";

const PAGE_KEYS: readonly [string, string][] = [
    ["/", "to the search field"],
    ["Arrow keys", "move in a list or tree; left and right fold and unfold"],
    ["Enter", "open the process, table or crash"],
    ["Shift+F10", "the menu of what is chosen: kill, suspend, send…"],
    ["Space", "pause or go on (history, messages, log)"],
    ["+ and −", "zoom the tree; 0: all of it"],
    ["Esc", "close a menu or dialog, empty the search"],
    ["?", "this list"],
];

/* Fields of these take no letters. */
const TAKES_NO_LETTERS = ["range", "checkbox", "radio", "button"];

function typing(target: EventTarget | null): boolean {
    if (target instanceof HTMLInputElement) return !TAKES_NO_LETTERS.includes(target.type);
    return (
        target instanceof HTMLElement &&
        (target.isContentEditable || ["TEXTAREA", "SELECT"].includes(target.tagName))
    );
}

export function showKeys(nav: readonly NavEntry[]): void {
    const line = ([keys, what]: readonly [string, string]): HTMLElement =>
        h("div", "key-line", h("dt", null, h("kbd", null, keys)), h("dd", null, what));
    void tell(
        "Keys",
        h("dl", "keys", ...PAGE_KEYS.map(line)),
        h("h3", null, "Pages"),
        h("dl", "keys", ...nav.map((entry) => line([`g ${entry.key}`, entry.label]))),
    );
}

export function listenForKeys(nav: readonly NavEntry[], go: (url: string) => void): void {
    let leader = false;
    document.addEventListener("keydown", (event) => {
        if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
        if (document.querySelector("dialog[open]")) return;
        const page = leader ? nav.find((entry) => entry.key === event.key) : undefined;
        leader = event.key === "g" && !leader;
        if (page) {
            event.preventDefault();
            go(page.path);
        } else if (event.key === "/") {
            const field = document.querySelector<HTMLInputElement>("[data-search]");
            if (!field) return;
            event.preventDefault();
            field.select();
            field.focus();
        } else if (event.key === "?") {
            showKeys(nav);
        }
    });
}
