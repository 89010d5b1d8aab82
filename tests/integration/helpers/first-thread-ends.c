/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A process whose first thread has ended, as if it were a zombie, and whose second runs on. */
#include <pthread.h>
#include <unistd.h>

static void *run_on(void *data)
{
	(void)sleep(1000);
	return data;
}

int main(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, run_on, NULL) != 0)
		return 1;
	pthread_exit(NULL);
}
