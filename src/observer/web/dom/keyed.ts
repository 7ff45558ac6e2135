// SPDX-License-Identifier: Apache-2.0
/* Keeps the children of an element in step with a list: each item keeps its element for as long
 * as its key is in the list, so focus, hover and animations survive changes around them. */

export interface KeyedOptions<Item, El extends Element> {
    key: (item: Item) => string;
    create: (item: Item) => El;
    update?: (element: El, item: Item) => void;
}

export class KeyedList<Item, El extends Element> {
    private readonly elements = new Map<string, El>();

    constructor(
        private readonly parent: Element,
        private readonly options: KeyedOptions<Item, El>,
    ) {}

    /* Shows exactly these items in this order. Keys must differ from each other. */
    render(items: readonly Item[]): void {
        const { key, create, update } = this.options;
        this.drop(new Set(items.map(key)));
        let at: ChildNode | null = this.parent.firstChild;
        for (const item of items) {
            const name = key(item);
            let element = this.elements.get(name);
            if (!element) {
                element = create(item);
                this.elements.set(name, element);
            }
            if (element === at) at = element.nextSibling;
            else this.parent.insertBefore(element, at);
            update?.(element, item);
        }
    }

    get(key: string): El | undefined {
        return this.elements.get(key);
    }

    /* What goes is taken out first, so that what stays need not move. */
    private drop(kept: ReadonlySet<string>): void {
        for (const [key, element] of this.elements) {
            if (kept.has(key)) continue;
            element.remove();
            this.elements.delete(key);
        }
    }
}
