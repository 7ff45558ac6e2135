// SPDX-License-Identifier: Apache-2.0
/* Ports and sockets: listeners, connections and OS processes, with who owns them. */
import { processMenu } from "../app/actions";
import { nameOf, select } from "../app/controls";
import { openMenu } from "../app/menu";
import { type PageFn, processUrl } from "../app/page";
import { bytes, plural } from "../data/format";
import type { Port, PortList } from "../data/types";
import type { Column } from "../dom/rows";
import { listing } from "./listing";

const REFRESH_MS = 1000;

const KINDS: Record<string, string> = {
    tcp_listener: "TCP listener",
    tcp: "TCP",
    udp: "UDP",
    http_server: "HTTP server",
    http: "HTTP client",
    os_process: "OS process",
    os_guardian: "OS guardian",
    fd: "descriptor",
};

const size = (n: number | null): string => (n === null ? "" : bytes(n));

/* A program is known by the end of its path. */
function where(port: Port): string {
    if (port.command !== null) {
        const name = port.command.split("/").at(-1) || port.command;
        const pid = port.os_pid ? ` (${port.os_pid})` : "";
        return `${name}${pid} ${port.stream ?? ""}`.trimEnd();
    }
    return port.remote === null ? (port.local ?? "") : `${port.local ?? ""} ⇄ ${port.remote}`;
}

/* A program's owner bears its name, which stands beside it already. */
function ownerOf(port: Port): string {
    const { owner } = port;
    if (owner === null) return "";
    const name = owner.name ?? (port.command === null ? owner.label : null);
    return name ? `${name} ${owner.pid}` : owner.pid;
}

const COLUMNS: readonly Column<Port>[] = [
    {
        id: "kind",
        title: "Kind",
        width: "13ch",
        sortable: true,
        text: (p) => KINDS[p.kind] ?? p.kind,
    },
    {
        id: "where",
        title: "Address or command",
        width: "minmax(37ch, 3fr)",
        mono: true,
        sortable: true,
        text: where,
    },
    {
        id: "owner",
        title: "Owner",
        width: "minmax(20ch, 2fr)",
        mono: true,
        sortable: true,
        text: ownerOf,
    },
    { id: "state", title: "State", width: "9ch", sortable: true, text: (p) => p.state },
    {
        id: "bytes_in",
        title: "In",
        width: "9ch",
        end: true,
        sortable: true,
        text: (p) => size(p.bytes_in),
    },
    {
        id: "bytes_out",
        title: "Out",
        width: "9ch",
        end: true,
        sortable: true,
        text: (p) => size(p.bytes_out),
    },
    {
        id: "queue",
        title: "Queue",
        help: "Bytes that wait to be sent",
        width: "9ch",
        end: true,
        sortable: true,
        text: (p) => size(p.queue),
        paint: (cell, p) => cell.classList.toggle("soft", !p.queue),
    },
    { id: "id", title: "Id", width: "25ch", mono: true, sortable: true, text: (p) => p.id },
];

export const portsPage: PageFn = (page) => {
    page.title("Ports and sockets");
    let kind = page.query.get("kind") ?? "";
    const list = listing<Port, PortList>(page, {
        label: "Ports and sockets",
        find: "Filter: address, owner",
        empty: "No port and no socket matches.",
        path: "/api/ports",
        query: () => ({ kind }),
        take: (answer) => {
            page.title("Ports and sockets", plural(answer.count, "port"));
            return { matched: answer.matched, rows: answer.ports };
        },
        columns: COLUMNS,
        order: { column: "owner", descending: false },
        refreshMs: REFRESH_MS,
        key: (port) => port.id,
        onOpen: ({ owner }) => {
            if (owner) page.go(processUrl(owner.pid));
        },
        onMenu: ({ owner }, at) => {
            if (owner) openMenu(at.x, at.y, `owner: ${nameOf(owner)}`, processMenu(owner, page.go));
        },
    });
    page.tools.append(
        select("Kind", [["", "all kinds"], ...Object.entries(KINDS)], kind, (next) => {
            kind = next;
            page.remember({ kind: next || null });
            list.ask();
        }),
    );
};
