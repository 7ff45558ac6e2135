/* SPDX-License-Identifier: Apache-2.0 */
/* Asking the auth service. */
#ifndef MY_SERVICE_FETCH_H
#define MY_SERVICE_FETCH_H

#include <coppice.h>

/* GET url: {:ok, body} or {:error, reason}: :econnrefused, :timeout and their like, or
 * {:http_status, status} for any answer but 200. Switches. */
cop_term fetch(cop_term url);

#endif
