#include "workers/client/pick.h"

#include <math.h>

const char *
pick_text(const cJSON *object, const char *key)
{
	const cJSON *member = json_get(object, key);

	return cJSON_IsString(member) ? member->valuestring : NULL;
}

bool
pick_number(const cJSON *object, const char *key, double *ret_number)
{
	const cJSON *member = json_get(object, key);

	if (!cJSON_IsNumber(member) || !isfinite(member->valuedouble))
		return false;
	*ret_number = member->valuedouble;
	return true;
}

const cJSON *
pick_array(const cJSON *object, const char *key)
{
	const cJSON *member = json_get(object, key);

	return cJSON_IsArray(member) && member->child ? member : NULL;
}
