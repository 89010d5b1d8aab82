# SPDX-License-Identifier: GPL-2.0-or-later

dist_man_MANS += \
	%D%/agentrun-policy.5 \
	%D%/agentrun.1

# The other names of the program have its page.
install-data-hook:
	cd $(DESTDIR)$(man1dir) && for name in agentrun-compat agentrun-strict; do \
		rm -f $$name.1 && $(LN_S) agentrun.1 $$name.1 || exit 1; done
uninstall-local:
	rm -f $(DESTDIR)$(man1dir)/agentrun-compat.1 $(DESTDIR)$(man1dir)/agentrun-strict.1
