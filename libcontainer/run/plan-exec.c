/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The steps of exec: a process that is born in the container's cgroup and namespaces, and goes the
 * same last mile as init did.
 */
#include "run/host-steps.h"
#include "run/init-steps.h"
#include "run/last-mile.h"
#include "run/run.h"

void ar_plan_exec(struct ar_plan *plan, const struct ar_run *run)
{
	ar_plan_add(plan, &ar_step_join_container);
	if (ar_run_has_mapped_streams(run))
		ar_plan_add(plan, &ar_step_streams);
	ar_plan_add(plan, &ar_step_saved_filters);
	if (run->io.console_socket || run->io.pidfd_socket)
		ar_plan_add(plan, &ar_step_sockets);
	if (run->use_cgroup)
		ar_plan_add(plan, &ar_step_container_cgroup);
	if (run->process->exec_cpu_affinity && run->process->exec_cpu_affinity->initial)
		ar_plan_add(plan, &ar_step_affinity);
	ar_plan_add(plan, &ar_step_clone);
	if (run->use_cgroup && run->record->unit)
		ar_plan_add(plan, &ar_step_unit_enter);
	ar_plan_add(plan, &ar_step_settle);
	ar_plan_add(plan, &ar_step_enter);
	if (run->process->terminal == AR_YES)
		ar_plan_add(plan, &ar_step_terminal);
	ar_last_mile_add(plan, run);
	ar_plan_add(plan, &ar_step_ready);
	ar_plan_add(plan, &ar_step_executed);
	ar_last_mile_add_end(plan, run);
}
