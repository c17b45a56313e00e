#!/bin/sh
# Prints the groups of the directory.
set -eu
curl --silent --show-error --fail \
  --header "Authorization: SSWS $OKTA_API_TOKEN" \
  "$OKTA_ORG_URL/api/v1/groups?limit=100"
