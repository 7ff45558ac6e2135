// SPDX-License-Identifier: Apache-2.0
/* Elements without markup: whatever a process is called ends up in a text node, never in HTML.
 * This is the only way in which the page makes elements. */

export type Child = Node | string | number | null | undefined | false;

type Listeners = {
    [K in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[K]) => void;
};

export interface Props {
    class?: string;
    attrs?: Record<string, string | number | boolean | undefined>;
    on?: Listeners;
}

/* Adds children in order; strings and numbers become text, nothing stays nothing. */
export function append(parent: Node, children: readonly Child[]): void {
    for (const child of children) {
        if (child === null || child === undefined || child === false) continue;
        parent.appendChild(child instanceof Node ? child : document.createTextNode(String(child)));
    }
}

/* Sets attributes: true is an empty one, false and undefined take it away. */
export function setAttrs(element: Element, attrs: Props["attrs"] & object): void {
    for (const [name, value] of Object.entries(attrs)) {
        if (value === undefined || value === false) element.removeAttribute(name);
        else element.setAttribute(name, value === true ? "" : String(value));
    }
}

/* Writes one attribute, only when it differs. */
export function setAttr(element: Element, name: string, value: string): void {
    if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/* h("a", "link", "text") or h("a", {class, attrs, on}, child...). */
export function h<K extends keyof HTMLElementTagNameMap>(
    tag: K,
    props?: Props | string | null,
    ...children: Child[]
): HTMLElementTagNameMap[K] {
    const element = document.createElement(tag);
    if (typeof props === "string") {
        element.className = props;
    } else if (props) {
        if (props.class) element.className = props.class;
        if (props.attrs) setAttrs(element, props.attrs);
        for (const [type, listener] of Object.entries(props.on ?? {})) {
            element.addEventListener(type, listener as EventListener);
        }
    }
    append(element, children);
    return element;
}

const SVG = "http://www.w3.org/2000/svg";

/* The same for drawings. */
export function s<K extends keyof SVGElementTagNameMap>(
    tag: K,
    attrs: Record<string, string | number | boolean | undefined> = {},
    ...children: Child[]
): SVGElementTagNameMap[K] {
    const element = document.createElementNS(SVG, tag);
    setAttrs(element, attrs);
    append(element, children);
    return element;
}

/* Writes text only when it differs, so that an unchanged cell costs no layout. */
export function setText(element: Element, text: string): void {
    const only = element.firstChild;
    if (only instanceof Text && !only.nextSibling) {
        if (only.data !== text) only.data = text;
    } else {
        element.textContent = text;
    }
}

/* An icon of the sprite that build.mjs puts into the page. */
export function icon(name: string, extra = ""): SVGSVGElement {
    return s(
        "svg",
        { class: `icon ${extra}`.trim(), "aria-hidden": "true", focusable: "false" },
        s("use", { href: `#i-${name}` }),
    );
}

export function clear(element: Element): void {
    element.replaceChildren();
}
