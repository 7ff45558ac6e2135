/* SPDX-License-Identifier: Apache-2.0 */
/* The table of names is an array by atom index, so `whereis` waits for nobody (docs/adr/0005).
 * Registering and unregistering take one lock, since a name and the process's own note of it change
 * together. */
#include "runtime/name.h"

#include "base/numbered.h"
#include "runtime/exit.h"
#include "runtime/proc.h"

static struct {
    pthread_mutex_t lock;
    struct cop__numbered pids; /* by atom; written under the lock, read by anybody */
} names = {.lock = PTHREAD_MUTEX_INITIALIZER};

uint64_t cop__name_lookup(uint32_t atom)
{
    return cop__numbered_get(&names.pids, atom);
}

void cop__names_fini(void)
{
    cop__numbered_fini(&names.pids);
}

/* Names that mean something else (NAM-01). */
static bool is_name(cop_term name)
{
    return cop_is_atom(name) && !cop_is_boolean(name) && name.word != cop_nil().word &&
           name.word != cop__atom(COP_ATOM_undefined).word;
}

static bool put(uint32_t atom, uint64_t id)
{
    bool is_done = false;
    pthread_mutex_lock(&names.lock);
    _Atomic uint64_t *entry = cop__numbered_make(&names.pids, atom);
    struct cop__proc *p = cop__proc_lookup(id);
    /* A dying process takes this lock before it closes: either it sees the name, or we see it
     * dying. */
    if (p != NULL && atomic_load_explicit(&p->inbox, memory_order_acquire) != COP__INBOX_CLOSED &&
        (atomic_load_explicit(&p->flags, memory_order_relaxed) & COP__PROC_EXITING) == 0 &&
        atomic_load_explicit(&p->registered, memory_order_relaxed) == 0 &&
        atomic_load_explicit(entry, memory_order_relaxed) == 0) {
        atomic_store_explicit(&p->registered, atom, memory_order_relaxed);
        atomic_store_explicit(entry, id, memory_order_release);
        is_done = true;
    }
    pthread_mutex_unlock(&names.lock);
    return is_done;
}

void cop_register(cop_term name, cop_pid pid)
{
    if (!is_name(name) || pid.node != 0 || !put(cop__atom_index(name), pid.id))
        cop__raise_atom(COP_ATOM_badarg);
}

static void clear(uint32_t atom, uint64_t id)
{
    struct cop__proc *p = cop__proc_lookup(id);
    if (p != NULL) atomic_store_explicit(&p->registered, 0, memory_order_relaxed);
    atomic_store_explicit(cop__numbered_find(&names.pids, atom), 0, memory_order_release);
}

void cop_unregister(cop_term name)
{
    bool is_found = false;
    if (cop_is_atom(name)) {
        uint32_t atom = cop__atom_index(name);
        pthread_mutex_lock(&names.lock);
        uint64_t id = cop__name_lookup(atom);
        is_found = id != 0;
        if (is_found) clear(atom, id);
        pthread_mutex_unlock(&names.lock);
    }
    if (!is_found) cop__raise_atom(COP_ATOM_badarg);
}

void cop__name_release(struct cop__proc *p)
{
    /* Under the lock also when there is no name: see put(). */
    pthread_mutex_lock(&names.lock);
    uint32_t atom = atomic_load_explicit(&p->registered, memory_order_relaxed);
    if (atom != 0) clear(atom, cop__proc_id(p));
    pthread_mutex_unlock(&names.lock);
}

cop_pid cop_whereis(cop_term name)
{
    cop_pid pid = cop_no_pid();
    if (cop_is_atom(name)) pid.id = cop__name_lookup(cop__atom_index(name));
    return pid;
}

cop_term cop_registered(void)
{
    cop_term list = cop_empty_list();
    for (uint32_t i = 0; i < COP__NUMBERED_MAX; i += COP__NUMBERED_CHUNK) {
        if (cop__numbered_find(&names.pids, i) == NULL) continue;
        for (uint32_t atom = i; atom < i + COP__NUMBERED_CHUNK; atom++)
            if (cop__name_lookup(atom) != 0) list = cop_cons(cop__atom(atom), list);
    }
    return list;
}
