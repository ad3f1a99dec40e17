#include "tests/supervisor/test_support.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "supervisor/clock.h"
#include "supervisor/notify.h"

static int
service_manager(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	memcpy(address.sun_path, name, strlen(name));
	if (name[0] == '@')
		address.sun_path[0] = '\0';
	assert_int_equal(bind(fd, (struct sockaddr *)&address,
			     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))),
	    0);
	return fd;
}

static const char *
heard(int fd)
{
	static char text[256];
	ssize_t n = recv(fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void
tells_over(const char *name)
{
	int manager = service_manager(name);
	struct notify n;

	setenv("NOTIFY_SOCKET", name, 1);
	notify_open(&n, 0);
	assert_null(getenv("NOTIFY_SOCKET"));
	assert_true(n.next_ms == CLOCK_NEVER);
	notify_ready(&n, "serving");
	assert_string_equal(heard(manager), "READY=1\nSTATUS=serving");
	notify_status(&n, "busy");
	assert_string_equal(heard(manager), "STATUS=busy");
	notify_alive(&n, 1000000);
	assert_string_equal(heard(manager), "");
	notify_stopping(&n);
	assert_int_equal(strncmp(heard(manager), "STOPPING=1", 10), 0);
	notify_close(&n);
	close(manager);
}

static void
tells_over_paths_and_abstract_names(void **state)
{
	char path[64], abstract[64];

	(void)state;
	snprintf(path, sizeof(path), "/tmp/test-notify-%d", (int)getpid());
	snprintf(abstract, sizeof(abstract), "@test-notify-%d", (int)getpid());
	tells_over(path);
	unlink(path);
	tells_over(abstract);
}

static void
feeds_the_watchdog_at_half_its_time(void **state)
{
	char name[64], own[16];
	struct notify n;
	int manager;

	(void)state;
	snprintf(name, sizeof(name), "@test-watchdog-%d", (int)getpid());
	snprintf(own, sizeof(own), "%d", (int)getpid());
	manager = service_manager(name);
	setenv("NOTIFY_SOCKET", name, 1);
	setenv("WATCHDOG_USEC", "4000000", 1);
	setenv("WATCHDOG_PID", own, 1);
	notify_open(&n, 100);
	assert_null(getenv("WATCHDOG_USEC"));
	assert_null(getenv("WATCHDOG_PID"));
	notify_alive(&n, 100);
	assert_string_equal(heard(manager), "WATCHDOG=1");
	notify_alive(&n, 2099);
	assert_string_equal(heard(manager), "");
	notify_alive(&n, 2100);
	assert_string_equal(heard(manager), "WATCHDOG=1");
	notify_close(&n);
	close(manager);
}

static void
is_silent_where_nobody_listens(void **state)
{
	static const char *const names[] = { "", "relative", "/nonexistent/socket" };
	struct notify n;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		setenv("NOTIFY_SOCKET", names[i], 1);
		setenv("WATCHDOG_USEC", "1000000", 1);
		notify_open(&n, 0);
		assert_int_equal(n.fd, -1);
		assert_int_equal(n.watchdog_ms, 0);
		notify_ready(&n, "x");
		notify_close(&n);
	}
}

static void
another_ones_watchdog_is_not_fed(void **state)
{
	char name[64];
	struct notify n;
	int manager;

	(void)state;
	snprintf(name, sizeof(name), "@test-other-%d", (int)getpid());
	manager = service_manager(name);
	setenv("NOTIFY_SOCKET", name, 1);
	setenv("WATCHDOG_USEC", "1000000", 1);
	setenv("WATCHDOG_PID", "1", 1);
	notify_open(&n, 0);
	assert_int_equal(n.watchdog_ms, 0);
	notify_close(&n);
	close(manager);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_over_paths_and_abstract_names),
		cmocka_unit_test(feeds_the_watchdog_at_half_its_time),
		cmocka_unit_test(is_silent_where_nobody_listens),
		cmocka_unit_test(another_ones_watchdog_is_not_fed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
