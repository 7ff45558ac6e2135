// SPDX-License-Identifier: Apache-2.0
/* Start: the pages, where they are, and the shell around them. */
import { applicationsPage } from "../pages/applications";
import { crashPage } from "../pages/crash";
import { crashesPage } from "../pages/crashes";
import { historyPage } from "../pages/history";
import { loadPage } from "../pages/load";
import { logPage } from "../pages/log";
import { messagesPage } from "../pages/messages";
import { portsPage } from "../pages/ports";
import { processPage } from "../pages/process";
import { processesPage } from "../pages/processes";
import { systemPage } from "../pages/system";
import { tablePage } from "../pages/table";
import { tablesPage } from "../pages/tables";
import { listenForKeys, showKeys } from "./keys";
import type { Route } from "./page";
import { type NavEntry, Shell } from "./shell";

const NAV: readonly NavEntry[] = [
    { id: "system", path: "/system", label: "System", icon: "system", key: "s" },
    { id: "load", path: "/load", label: "Load charts", icon: "load", key: "c" },
    { id: "applications", path: "/applications", label: "Applications", icon: "tree", key: "a" },
    { id: "processes", path: "/processes", label: "Processes", icon: "processes", key: "p" },
    { id: "tables", path: "/tables", label: "Tables", icon: "tables", key: "t" },
    { id: "ports", path: "/ports", label: "Ports and sockets", icon: "ports", key: "o" },
    { id: "crashes", path: "/crashes", label: "Crashes", icon: "crashes", key: "x" },
    { id: "history", path: "/history", label: "History", icon: "history", key: "h" },
    { id: "messages", path: "/messages", label: "Messages", icon: "messages", key: "m" },
    { id: "log", path: "/log", label: "Log", icon: "log", key: "l" },
];

const ROUTES: readonly Route[] = [
    { pattern: "/system", nav: "system", show: systemPage },
    { pattern: "/load", nav: "load", show: loadPage },
    { pattern: "/applications", nav: "applications", show: applicationsPage },
    { pattern: "/applications/:name", nav: "applications", show: applicationsPage },
    { pattern: "/processes", nav: "processes", show: processesPage },
    { pattern: "/processes/:pid", nav: "processes", show: processPage },
    { pattern: "/tables", nav: "tables", show: tablesPage },
    { pattern: "/tables/:id", nav: "tables", show: tablePage },
    { pattern: "/ports", nav: "ports", show: portsPage },
    { pattern: "/crashes", nav: "crashes", show: crashesPage },
    { pattern: "/crashes/:number", nav: "crashes", show: crashPage },
    { pattern: "/history", nav: "history", show: historyPage },
    { pattern: "/messages", nav: "messages", show: messagesPage },
    { pattern: "/log", nav: "log", show: logPage },
];

const shell = new Shell(NAV, ROUTES, () => showKeys(NAV));
listenForKeys(NAV, (url) => shell.router.go(url));
shell.router.here();
