/* SPDX-License-Identifier: Apache-2.0 */
/* Asking the auth service, by HTTP. Two settings of the application: timeout, the milliseconds that
 * all of it may take, and fetch, a capture that takes its place in tests. */
#include "fetch.h"

#include <coppice/http.h>

cop_term fetch(cop_term url)
{
    cop_term fun = cop_application_get_env(COP(":my_service"), COP(":fetch"), cop_nil());
    cop_term timeout = cop_application_get_env(COP(":my_service"), COP(":timeout"), cop_int(10000));
    cop_term answer, body;
    int status;

    if (cop_is_fun(fun, 1)) return cop_call_fun(fun, &url, 1);
    answer = cop_http_get(
        url, cop_build("[headers: [{\"accept\", \"application/json\"}], timeout: timeout,"
                       " connect_timeout: 3000, body_max: 16_777_216]",
                       timeout));
    if (cop_match(answer, "{:ok, %{status: 200, body: body}}", body))
        return cop_tuple(COP(":ok"), body);
    if (cop_match(answer, "{:ok, %{status: status}}", status))
        return cop_build("{:error, {:http_status, status}}", status);
    return answer;
}
