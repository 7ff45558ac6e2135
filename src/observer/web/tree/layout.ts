// SPDX-License-Identifier: Apache-2.0
/* Where the nodes stand: the root at the left, children to the right of their supervisor and below
 * each other, the supervisor beside its first child. So a child that comes or goes moves only what
 * stands below it, and nothing that is above. */
import { type Node, nodeTitle } from "./model";

const WIDTH_LEAST = 116;
const WIDTH_MOST = 264;
export const WORKER_HEIGHT = 30;
export const SUPERVISOR_HEIGHT = 46;
const GAP_X = 36;
const GAP_Y = 6;
const GROUP_GAP = 8;
export const PADDING = 20;

/* A node in its place; `more` stands for children of it that are not shown. */
export interface Placed {
    node: Node;
    key: string;
    more: number;
    depth: number;
    x: number;
    y: number;
    width: number;
    height: number;
    parent: Placed | null;
    /* Its number among its siblings, from 1, and how many they are. */
    position: number;
    siblings: number;
}

export interface Layout {
    placed: Placed[];
    width: number;
    height: number;
}

export interface LayoutChoice {
    folded: (node: Node) => boolean;
    /* How many children of a node are shown at most. */
    shown: (node: Node) => number;
    /* The width of each column. It only grows, so that the picture is steady. */
    widths: number[];
}

export function heightOf(node: Node): number {
    return node.kind === "worker" ? WORKER_HEIGHT : SUPERVISOR_HEIGHT;
}

/* What a node needs: its title, its pid beside it, and room for marks and a word on its state. */
function widthOf(node: Node): number {
    const title = nodeTitle(node);
    const pid = node.pid !== null && node.pid !== title ? 8 + 6.4 * node.pid.length : 0;
    const extras = node.kind === "worker" ? 90 : 74;
    const wanted = Math.ceil(7.3 * title.length + pid + extras);
    return Math.max(WIDTH_LEAST, Math.min(WIDTH_MOST, wanted));
}

/* Gives each column its width and place once all nodes are known. */
function placeColumns(placed: readonly Placed[], widths: number[]): number {
    for (const { node, depth } of placed) {
        widths[depth] = Math.max(widths[depth] ?? 0, widthOf(node));
    }
    const left = widths.map((_, depth) =>
        widths.slice(0, depth).reduce((x, width) => x + width + GAP_X, PADDING),
    );
    let right = 0;
    for (const one of placed) {
        one.x = left[one.depth]!;
        one.width = widths[one.depth]!;
        right = Math.max(right, one.x + one.width);
    }
    return right + PADDING;
}

/* The nodes in the order of their rows, parents before children; without recursion, for trees may
 * be deep. */
export function layout(root: Node, choice: LayoutChoice): Layout {
    const placed: Placed[] = [];
    let bottom = PADDING;
    const put = (
        node: Node,
        parent: Placed | null,
        position: number,
        siblings: number,
        more: number,
    ): Placed => {
        const depth = parent ? parent.depth + 1 : 0;
        const height = more ? WORKER_HEIGHT : heightOf(node);
        const firstChild = parent !== null && position === 1;
        const y = firstChild ? parent.y + (parent.height - height) / 2 : bottom;
        const at: Placed = {
            node,
            key: more ? `${node.key}+more` : node.key,
            more,
            depth,
            x: 0,
            y,
            width: 0,
            height,
            parent,
            position,
            siblings,
        };
        placed.push(at);
        bottom = Math.max(bottom, y + height + GAP_Y);
        return at;
    };
    const todo: {
        node: Node;
        parent: Placed | null;
        position: number;
        siblings: number;
        more: number;
    }[] = [{ node: root, parent: null, position: 1, siblings: 1, more: 0 }];
    for (let next = todo.pop(); next; next = todo.pop()) {
        const { node, parent, position, siblings, more } = next;
        if (parent && position > 1 && !more && node.children.length > 0) bottom += GROUP_GAP;
        const at = put(node, parent, position, siblings, more);
        if (more || choice.folded(node)) continue;
        const living = node.children.filter((child) => !child.ended).length;
        const shown = node.children.slice(0, choice.shown(node));
        const hidden = Math.max(node.count, living) - shown.filter((child) => !child.ended).length;
        const all = shown.length + (hidden > 0 ? 1 : 0);
        if (hidden > 0) todo.push({ node, parent: at, position: all, siblings: all, more: hidden });
        for (let i = shown.length - 1; i >= 0; i--) {
            todo.push({ node: shown[i]!, parent: at, position: i + 1, siblings: all, more: 0 });
        }
    }
    return { placed, width: placeColumns(placed, choice.widths), height: bottom + PADDING };
}

/* The lines from supervisors to children, as one path: a trunk, and a twig to each child. Only
 * those that touch the band from `top` to `bottom`. */
export function edges(placed: readonly Placed[], top: number, bottom: number): string {
    const parts: string[] = [];
    for (const child of placed) {
        const parent = child.parent;
        if (!parent) continue;
        const from = parent.y + parent.height / 2;
        const to = child.y + child.height / 2;
        if (to < top || from > bottom) continue;
        const start = parent.x + parent.width;
        const trunk = start + GAP_X / 2;
        if (Math.abs(to - from) < 1) {
            parts.push(`M${start} ${from}H${child.x}`);
        } else {
            const y = Math.max(from, top - 50);
            parts.push(`M${trunk} ${y}V${to - 7}Q${trunk} ${to} ${trunk + 7} ${to}H${child.x}`);
        }
    }
    return parts.join("");
}
