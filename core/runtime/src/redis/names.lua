-- Some of the keys of a space. A script, so that it is asked of the server that has the space.
--
-- KEYS: the books. ARGV: where to go on from, and what the keys look like.

return redis.call('SCAN', ARGV[1], 'MATCH', ARGV[2], 'COUNT', 1000)
