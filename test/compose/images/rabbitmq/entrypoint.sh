#!/bin/sh
# What the compose file expects of the rabbitmq image, with Debian's RabbitMQ: the data belongs to its user.
set -eu
chown rabbitmq:rabbitmq /var/lib/rabbitmq
export HOME=/var/lib/rabbitmq RUNNING_UNDER_SYSTEMD=true
exec setpriv --reuid=rabbitmq --regid=rabbitmq --init-groups /usr/lib/rabbitmq/bin/rabbitmq-server
