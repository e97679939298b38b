/* SPDX-License-Identifier: 0BSD */
/*
 * bench-ipc.c - 100,000 round trips to the endpoint "disk": a request that moves nothing,
 * and its answer.
 */
#include <vmm/ipc.h>

#define CALLS 100000u

int main(void)
{
	int disk = ipc_find("disk");
	int error = disk < 0 ? disk : 0;

	for (uint32_t i = 0; i < CALLS && !error; i++) {
		struct vmm_ipc_message answer;

		error = ipc_call((uint32_t)disk, 0, 0, 0, &answer);
	}
	return -error;
}
