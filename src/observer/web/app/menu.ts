// SPDX-License-Identifier: Apache-2.0
/* The context menu: by right click, by Shift+F10 or the menu key, moved in with the arrow keys. */
import { h, icon } from "../dom/element";

export interface MenuItem {
    label: string;
    icon?: string;
    danger?: boolean;
    /* Why it cannot be chosen now; the item stays, so that the menu always looks the same. */
    disabled?: boolean;
    run: () => void;
}

/* Items, and null for a line between groups. */
export type MenuItems = readonly (MenuItem | null)[];

let opened: (() => void) | null = null;

function itemElement(item: MenuItem, close: () => void): HTMLElement {
    const element = h(
        "button",
        {
            class: item.danger ? "menu-item danger" : "menu-item",
            attrs: { role: "menuitem", type: "button", tabindex: -1, disabled: !!item.disabled },
            on: {
                click: () => {
                    close();
                    item.run();
                },
                mouseenter: () => element.focus({ preventScroll: true }),
            },
        },
        icon(item.icon ?? "blank"),
        h("span", null, item.label),
    );
    return element;
}

/* Moves the focus by the keys that menus have. */
function moveIn(menu: HTMLElement, event: KeyboardEvent): void {
    const items = [...menu.querySelectorAll<HTMLElement>(".menu-item:not([disabled])")];
    const at = items.indexOf(document.activeElement as HTMLElement);
    const to: Record<string, number> = {
        ArrowDown: (at + 1) % items.length,
        ArrowUp: (at - 1 + items.length) % items.length,
        Home: 0,
        End: items.length - 1,
    };
    const next = to[event.key];
    if (next !== undefined) {
        event.preventDefault();
        items[next]?.focus();
    } else if (event.key.length === 1) {
        const letter = event.key.toLowerCase();
        const from = [...items.slice(at + 1), ...items.slice(0, at + 1)];
        from.find((item) => item.textContent?.trim().toLowerCase().startsWith(letter))?.focus();
    }
}

/* Opens at a point of the window; focus returns to where it was. */
export function openMenu(x: number, y: number, label: string, items: MenuItems): void {
    opened?.();
    const before = document.activeElement;
    const ends = new AbortController();
    const menu = h("div", { class: "menu", attrs: { role: "menu", "aria-label": label } });
    const close = (): void => {
        opened = null;
        ends.abort();
        menu.remove();
        if (before instanceof HTMLElement) before.focus({ preventScroll: true });
    };
    opened = close;
    menu.append(h("div", { class: "menu-title", attrs: { "aria-hidden": "true" } }, label));
    for (const item of items) {
        if (item) menu.append(itemElement(item, close));
        else menu.append(h("div", { class: "menu-line", attrs: { role: "separator" } }));
    }
    document.body.append(menu);
    const box = menu.getBoundingClientRect();
    menu.style.left = `${Math.max(4, Math.min(x, innerWidth - box.width - 8))}px`;
    menu.style.top = `${Math.max(4, Math.min(y, innerHeight - box.height - 8))}px`;
    menu.querySelector<HTMLElement>(".menu-item:not([disabled])")?.focus();

    const { signal } = ends;
    menu.addEventListener("contextmenu", (event) => event.preventDefault());
    menu.addEventListener(
        "keydown",
        (event) => {
            event.stopPropagation();
            if (event.key === "Escape" || event.key === "Tab") {
                event.preventDefault();
                close();
            } else {
                moveIn(menu, event);
            }
        },
        { signal },
    );
    document.addEventListener(
        "pointerdown",
        (event) => {
            if (!menu.contains(event.target as Node)) close();
        },
        { signal, capture: true },
    );
    window.addEventListener("blur", close, { signal });
    window.addEventListener("popstate", close, { signal });
}

/* Opens at an element, as the keyboard does. */
export function openMenuAt(element: Element, label: string, items: MenuItems): void {
    const box = element.getBoundingClientRect();
    openMenu(box.left + Math.min(24, box.width / 2), box.bottom, label, items);
}

/* Is this the key that asks for the context menu? */
export function asksForMenu(event: KeyboardEvent): boolean {
    return event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey);
}
