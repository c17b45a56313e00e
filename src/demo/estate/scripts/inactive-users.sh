#!/bin/sh
# Prints users, for the report that somebody once asked for.
set -eu
curl --silent --show-error --fail \
  -H "Authorization: SSWS ${OKTA_API_TOKEN}" \
  "${OKTA_ORG_URL}/api/v1/users?limit=25"
