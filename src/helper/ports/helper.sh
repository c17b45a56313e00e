#!/bin/sh
# Short-lived tokens for shell scripts. Written by agent-id.
#
# Sourced:  . ./agent-id/helper.sh
#           header=$(agent_id_authorization AGENT RESOURCE SCOPE...) || exit
# Run:      agent-id/helper.sh [--as-agent] AGENT RESOURCE SCOPE...
#
# Prints the value of an Authorization header, on behalf of the user who signed in with `agent-id login`, or whose token
# lies in the file that AGENT_ID_SUBJECT_TOKEN_FILE names. Runs `agent-id token` (another command: AGENT_ID_COMMAND; not
# installed: Node with helper.mjs beside this file). sh itself can neither read JSON nor keep the key of a MAC out of argv.

agent_id_authorization() {
  _agent_id_header '' "$@"
}

# The same for the agent alone, without a user: explicit, and audited as such.
agent_id_authorization_as_itself() {
  _agent_id_header --as-agent "$@"
}

# Runs in a shell of its own, so that nothing of it is left in the caller's.
_agent_id_header() (
  set -f
  as_agent=$1 agent=${2-} resource=${3-}
  if [ -z "$agent" ] || [ -z "$resource" ]; then
    echo 'agent-id: name the agent and the resource' >&2
    exit 2
  fi
  shift 3
  for scope in "$@"; do
    set -- "$@" --scope "$scope"
    shift
  done
  command=${AGENT_ID_COMMAND:-agent-id}
  # Where it is not installed: the helper for Node beside this file, or below the script that sources it.
  for beside in "${0%/*}/helper.mjs" "${0%/*}/agent-id/helper.mjs"; do
    if [ "$command" = agent-id ] && ! command -v agent-id >/dev/null 2>&1 &&
      command -v node >/dev/null 2>&1 && [ -f "$beside" ]; then
      set -- "$@" --agent "$agent" --resource "$resource"
      token=$(node "$beside" token "$@" $as_agent --format raw </dev/null) || exit
      printf 'Bearer %s\n' "$token"
      exit
    fi
  done
  if ! command -v "${command%% *}" >/dev/null 2>&1; then
    echo 'agent-id: the command agent-id is not there: install it (or Node), or set AGENT_ID_COMMAND' >&2
    exit 127
  fi
  # Unquoted on purpose: the command may have arguments, and as_agent may be empty.
  # shellcheck disable=SC2086
  token=$($command token --agent "$agent" --resource "$resource" "$@" $as_agent --format raw </dev/null) || exit
  printf 'Bearer %s\n' "$token"
)

case ${0##*/} in
  helper.sh)
    if [ "${1-}" = --as-agent ]; then
      shift
      agent_id_authorization_as_itself "$@"
    else
      agent_id_authorization "$@"
    fi
    ;;
esac
