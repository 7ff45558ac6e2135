/* SPDX-License-Identifier: Apache-2.0 */
/* Devices: which processes print for others, and asking them to. The table is small and read with
 * each text; a dead device gives its place to the next one that asks. */
#include "coppice/io.h"

#include "otp/standard_output.h"
#include <pthread.h>
#include <unistd.h>

#define DEVICES_MAX 64

static struct {
    pthread_mutex_t lock; /* never held across a switch */
    cop_pid pids[DEVICES_MAX];
    cop_pid standard;
} devices = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* --- The table -------------------------------------------------------------------------------- */

/* cop_is_alive() may switch, so it is asked without the lock. */
static bool is_free(cop_pid pid)
{
    return cop_is_no_pid(pid) || !cop_is_alive(pid);
}

static bool is_same(cop_pid a, cop_pid b)
{
    return cop_identical(cop_pid_term(a), cop_pid_term(b));
}

static cop_pid read_pid(const cop_pid *place)
{
    cop_pid pid;

    pthread_mutex_lock(&devices.lock);
    pid = *place;
    pthread_mutex_unlock(&devices.lock);
    return pid;
}

/* Writes self to a place that nobody alive has. */
static bool take_place(cop_pid *place, cop_pid self)
{
    cop_pid former = read_pid(place);
    bool is_ours = false;

    if (!is_free(former)) return false;
    pthread_mutex_lock(&devices.lock);
    if (cop_is_no_pid(*place) || is_same(*place, former)) {
        *place = self;
        is_ours = true;
    }
    pthread_mutex_unlock(&devices.lock);
    return is_ours;
}

bool cop_io_attach(bool is_standard)
{
    cop_pid self = cop_self();

    if (is_standard && !take_place(&devices.standard, self)) return false;
    for (int i = 0; i < DEVICES_MAX; i++)
        if (take_place(&devices.pids[i], self)) return true;
    return false;
}

/* The device that prints for the caller; cop_no_pid(): none. */
static cop_pid device_of_caller(void)
{
    cop_pid leader = cop_group_leader();
    cop_pid found;

    pthread_mutex_lock(&devices.lock);
    found = devices.standard;
    for (int i = 0; i < DEVICES_MAX && !cop_is_no_pid(leader); i++)
        if (!cop_is_no_pid(devices.pids[i]) && is_same(devices.pids[i], leader)) found = leader;
    pthread_mutex_unlock(&devices.lock);
    return found;
}

/* --- Requests --------------------------------------------------------------------------------- */

static bool is_answer(cop_term msg, void *arg)
{
    cop_ref ref = *(cop_ref *)arg;

    return cop_match(msg, "{:io_reply, ^ref, _}", ref) ||
           cop_match(msg, "{:DOWN, ^ref, _, _, _}", ref);
}

/* False: the device is gone. */
static bool request(cop_pid device, cop_term what, cop_term *ret_answer)
{
    cop_ref ref = cop_monitor_with(cop_pid_term(device), COP_ALIAS_REPLY_DEMONITOR, cop_none());
    cop_term msg;
    cop_term answer;

    cop_send(device, cop_tuple(COP(":io_request"), ref, ref, what));
    (void)cop_receive_ref(ref, is_answer, &ref, &msg, COP_INFINITY);
    if (!cop_match(msg, "{:io_reply, _, answer}", answer)) return false;
    *ret_answer = answer;
    return true;
}

void cop_io_write(cop_term text)
{
    cop_pid device = device_of_caller();
    cop_term answer;

    if (!cop_is_no_pid(device) && !is_same(device, cop_self()) &&
        request(device, cop_tuple(COP(":put_chars"), COP(":unicode"), text), &answer))
        return;
    cop__file_write(STDOUT_FILENO, cop_to_bytes(text));
}

cop_term cop_io_get_line(cop_term prompt)
{
    cop_pid device = device_of_caller();
    cop_term answer;

    if (!cop_is_no_pid(device) && !is_same(device, cop_self()) &&
        request(device, cop_tuple(COP(":get_line"), COP(":unicode"), prompt), &answer))
        return answer;
    return COP(":eof");
}
