#include "tests/supervisor/test_support.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "supervisor/listen.h"

static char folder[64], path[96];

static int
setup(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/test-listener-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/sock", folder);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	return rmdir(folder);
}

static void
listens_privately_and_unlinks(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int client = socket(AF_UNIX, SOCK_STREAM, 0);
	const char *why = NULL;
	struct listener l, second;
	struct stat st;

	(void)state;
	listener_init(&l);
	listener_init(&second);
	assert_int_equal(listener_open(path, &l, &why), OK);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	strcpy(address.sun_path, path);
	assert_int_equal(connect(client, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listener_open(path, &second, &why), ERR_BUSY);
	assert_int_equal(access(path, F_OK), 0);
	close(client);
	listener_close(&l);
	assert_int_equal(access(path, F_OK), -1);
	listener_close(&l);
}

static void
replaces_a_dead_socket_but_no_other_file(void **state)
{
	struct listener dead, l;
	const char *why = NULL;

	(void)state;
	listener_init(&dead);
	assert_int_equal(listener_open(path, &dead, &why), OK);
	close(dead.fd);
	listener_init(&l);
	assert_int_equal(listener_open(path, &l, &why), OK);
	listener_close(&l);
	close(open(path, O_CREAT | O_WRONLY, 0600));
	assert_int_equal(listener_open(path, &l, &why), ERR_SYSTEM);
	assert_non_null(strstr(why, "no socket"));
	assert_int_equal(unlink(path), 0);
}

static void
refuses_a_path_that_is_too_long(void **state)
{
	char longer[200];
	const char *why = NULL;
	struct listener l;

	(void)state;
	memset(longer, 'x', sizeof(longer) - 1);
	longer[0] = '/';
	longer[sizeof(longer) - 1] = '\0';
	listener_init(&l);
	assert_int_equal(listener_open(longer, &l, &why), ERR_TOO_LARGE);
	assert_int_equal(l.fd, -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(listens_privately_and_unlinks),
		cmocka_unit_test(replaces_a_dead_socket_but_no_other_file),
		cmocka_unit_test(refuses_a_path_that_is_too_long),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
