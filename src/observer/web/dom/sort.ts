// SPDX-License-Identifier: Apache-2.0
/* Sorts what the page holds in full (tables, ports): numbers by value, texts as people read them,
 * equal ones in the order in which they came. */

const collator = new Intl.Collator("en", { numeric: true });

export function sortRows<Row>(
    rows: readonly Row[],
    value: (row: Row) => string | number | null,
    descending: boolean,
): Row[] {
    const sign = descending ? -1 : 1;
    return rows.toSorted((a, b) => {
        const x = value(a);
        const y = value(b);
        if (x === y) return 0;
        if (x === null) return 1;
        if (y === null) return -1;
        if (typeof x === "number" && typeof y === "number") return sign * (x - y);
        return sign * collator.compare(String(x), String(y));
    });
}
