// SPDX-License-Identifier: Apache-2.0
/* Ports and sockets: listeners, connections and OS processes, with who owns them. */
import { nameOf, searchField, select } from "../app/controls";
import { processMenu } from "../app/actions";
import { openMenu } from "../app/menu";
import { type PageFn, processUrl } from "../app/page";
import { toast } from "../app/toast";
import { get, withQuery, wordsOf } from "../data/api";
import { bytes, plural } from "../data/format";
import { listen } from "../data/live";
import type { Port, PortList } from "../data/types";
import { WindowSource } from "../data/window";
import { every } from "../dom/frame";
import { type Column, Rows } from "../dom/rows";
import { orderOf } from "./parts";

const REFRESH_MS = 1000;

const KINDS: Record<string, string> = {
    tcp_listener: "TCP listener",
    tcp: "TCP",
    udp: "UDP",
    os_process: "OS process",
    fd: "descriptor",
    http_server: "HTTP server",
};

const size = (n: number | null): string => (n === null ? "" : bytes(n));

function where(port: Port): string {
    if (port.command !== null) return `${port.command}${port.os_pid ? ` (${port.os_pid})` : ""}`;
    return port.remote === null ? (port.local ?? "") : `${port.local ?? ""} ⇄ ${port.remote}`;
}

const COLUMNS: readonly Column<Port>[] = [
    { id: "id", title: "Id", width: "25ch", mono: true, sortable: true, text: (p) => p.id },
    {
        id: "kind",
        title: "Kind",
        width: "14ch",
        sortable: true,
        text: (p) => KINDS[p.kind] ?? p.kind,
    },
    {
        id: "where",
        title: "Address or command",
        width: "minmax(28ch, 3fr)",
        mono: true,
        sortable: true,
        text: where,
    },
    { id: "state", title: "State", width: "10ch", sortable: true, text: (p) => p.state },
    {
        id: "bytes_in",
        title: "In",
        width: "11ch",
        end: true,
        sortable: true,
        text: (p) => size(p.bytes_in),
    },
    {
        id: "bytes_out",
        title: "Out",
        width: "11ch",
        end: true,
        sortable: true,
        text: (p) => size(p.bytes_out),
    },
    {
        id: "queue",
        title: "Queue",
        help: "Bytes that wait to be sent",
        width: "10ch",
        end: true,
        sortable: true,
        text: (p) => size(p.queue),
        paint: (cell, p) => cell.classList.toggle("soft", !p.queue),
    },
    {
        id: "owner",
        title: "Owner",
        width: "minmax(18ch, 2fr)",
        mono: true,
        sortable: true,
        text: (p) => (p.owner.name ? `${p.owner.name} ${p.owner.pid}` : nameOf(p.owner)),
    },
];

export const portsPage: PageFn = (page) => {
    page.title("Ports and sockets");
    let filter = page.query.get("filter") ?? "";
    let kind = page.query.get("kind") ?? "";
    let order = orderOf(page, COLUMNS, "owner", false);
    const source = new WindowSource<Port>(
        async (offset, limit) => {
            const answer = await get<PortList>(
                withQuery("/api/ports", {
                    sort: order.column,
                    order: order.descending ? "desc" : "asc",
                    filter,
                    kind,
                    offset,
                    limit,
                }),
                page.signal,
            );
            page.title("Ports and sockets", plural(answer.count, "port"));
            return { matched: answer.matched, rows: answer.ports };
        },
        () => rows.refresh(source.matched),
        (error) => {
            if (!page.signal.aborted) toast(wordsOf(error), "bad");
        },
    );
    const ask = (): void => {
        rows.toTop();
        source.reset();
    };
    const rows = new Rows<Port>({
        label: "Ports and sockets",
        columns: COLUMNS,
        order,
        key: (port) => port.id,
        row: (index) => source.row(index),
        sight: (from, to) => source.sight(from, to),
        onOpen: (port) => page.go(processUrl(port.owner.pid)),
        onMenu: (port, at) =>
            openMenu(at.x, at.y, `owner: ${nameOf(port.owner)}`, processMenu(port.owner, page.go)),
        onOrder: (next) => {
            order = next;
            page.remember({ sort: next.column, order: next.descending ? "desc" : null });
            ask();
        },
        empty: "No port and no socket matches.",
    });
    page.root.classList.add("filled");
    page.root.append(rows.element);
    page.tools.append(
        searchField("Filter: address, command, owner", filter, (text) => {
            filter = text;
            page.remember({ filter: text || null });
            ask();
        }),
        select("Kind", [["", "all kinds"], ...Object.entries(KINDS)], kind, (next) => {
            kind = next;
            page.remember({ kind: next || null });
            ask();
        }),
    );
    source.refresh();
    every(REFRESH_MS, page.signal, () => source.refresh());
    listen({}, page.signal);
};
