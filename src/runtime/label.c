/* SPDX-License-Identifier: Apache-2.0 */
/* The texts of processes' labels, for others: a label is a kept term, which only its process can
 * read. One mutex; whoever sets no label does not come here. */
#include "runtime/introspect.h"
#include "runtime/proc.h"

#include <string.h>

#define TEXT_MAX 100

struct label {
    size_t len;
    char text[TEXT_MAX];
};

static struct {
    pthread_mutex_t lock;
    struct cop__map64 texts; /* pid -> struct label */
} labels = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* The lock is held. */
static void forget(uint64_t pid)
{
    uint64_t old;
    if (cop__map64_remove(&labels.texts, pid, &old))
        cop__free((void *)(uintptr_t)old, sizeof(struct label));
}

void cop__label_set(struct cop__proc *p, cop_term label)
{
    uint64_t pid = cop__proc_id(p);
    struct label *l = NULL;
    if (!cop__is(label, COP_ATOM_nil)) {
        cop_bytes text =
            cop_to_bytes(cop_is_binary(label) ? label : cop_inspect_within(label, TEXT_MAX));
        l = cop__alloc(sizeof(*l));
        l->len = text.len < TEXT_MAX ? text.len : TEXT_MAX;
        while (l->len > 0 && l->len < text.len && ((unsigned char)text.data[l->len] & 0xc0) == 0x80)
            l->len--;
        memcpy(l->text, text.data, l->len);
        atomic_fetch_or_explicit(&p->flags, COP__PROC_HAS_LABEL, memory_order_relaxed);
    }
    pthread_mutex_lock(&labels.lock);
    forget(pid);
    if (l != NULL) cop__map64_put(&labels.texts, pid, (uintptr_t)l);
    pthread_mutex_unlock(&labels.lock);
}

cop_term cop__label_text(uint64_t pid)
{
    struct label copy = {.len = 0};
    pthread_mutex_lock(&labels.lock);
    const uint64_t *found = cop__map64_get(&labels.texts, pid);
    if (found != NULL) copy = *(const struct label *)(uintptr_t)*found;
    pthread_mutex_unlock(&labels.lock);
    return found != NULL ? cop_binary(copy.text, copy.len) : cop_nil();
}

void cop__label_end(struct cop__proc *p)
{
    pthread_mutex_lock(&labels.lock);
    forget(cop__proc_id(p));
    pthread_mutex_unlock(&labels.lock);
}

void cop__labels_fini(void)
{
    struct cop__map64_entry *entry;
    pthread_mutex_lock(&labels.lock);
    COP_MAP_FOR (entry, &labels.texts)
        cop__free((void *)(uintptr_t)entry->value, sizeof(struct label));
    cop__map64_fini(&labels.texts);
    pthread_mutex_unlock(&labels.lock);
}
