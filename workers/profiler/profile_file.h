/* The JSON that Scalene writes, as a file: whether it is there and whole. What it says is read by
 * nobody here. */
#ifndef WORKERS_PROFILER_PROFILE_FILE_H
#define WORKERS_PROFILER_PROFILE_FILE_H

#define PROFILE_NAME "profile.json"
#define PROFILE_ASIDE_NAME "profile.saved.json"

enum profile_state {
	PROFILE_MISSING,         /* or not a regular file of ours */
	PROFILE_EMPTY,           /* {}: nothing was sampled */
	PROFILE_TRUNCATED,       /* does not end as an object does */
	PROFILE_TOO_LARGE,       /* over LIMIT_SPOOL_FILE */
	PROFILE_WHOLE
};

enum profile_state profile_file_state(int folder_fd, const char *name);

/*
 * Puts a whole profile aside, so that it cannot be overwritten: a child of the program that has no
 * samples of its own writes {} over its parent's profile. To be called once
 * Scalene says that it is saved.
 */
void profile_file_set_aside(int folder_fd);

/* When nothing runs any more: makes PROFILE_NAME the newest whole profile there is, 0600. Returns
 * its state. */
enum profile_state profile_file_settle(int folder_fd);

#endif
