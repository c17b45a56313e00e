/** The delegated permission of an agent's own API: who signs in asks for it, so that the agent may act for them. */
export const actScope = 'act_for_me';
