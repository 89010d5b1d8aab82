/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/passwd.h"

#include "test.h"

TEST("a user is found by uid, each of its lines in turn")
{
	char file[] = "root:x:0:0:root:/root:/bin/sh\n\n#x:x:7:7::/x:\nfew:x:1000:1000\n"
		      "max:x:1000:100::/home/max\nmoritz:x:1000:100:a b::/bin/sh";
	struct ar_passwd user;
	char *text = file;

	CHECK(ar_passwd_next(&text, 1000, &user));
	CHECK_STR(user.name, "max");
	CHECK_STR(user.home, "/home/max");
	CHECK(ar_passwd_next(&text, 1000, &user));
	CHECK_STR(user.name, "moritz");
	CHECK_STR(user.home, "");
	CHECK(!ar_passwd_next(&text, 1000, &user));
}

TEST("who is not in the file is not found")
{
	char file[] = "root:x:0:0:root:/root:/bin/sh\nx:x:1a:1::/:\n::::::\n", empty[] = "";
	char *text = file, *nothing = empty, *none = 0;
	struct ar_passwd user;

	CHECK(!ar_passwd_next(&text, 1, &user));
	CHECK(!ar_passwd_next(&nothing, 0, &user));
	CHECK(!ar_passwd_next(&none, 0, &user));
}

int main(void)
{
	return test_main();
}
