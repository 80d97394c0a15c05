#!/bin/sh
# What the compose file expects of the mysql image, with Ubuntu's MySQL: on first use it makes the data, a database and
# its user from the environment; then it becomes the server.
set -eu
data=/var/lib/mysql

if [ ! -d "$data/mysql" ]; then
  chown mysql:mysql "$data"
  mysqld --user=mysql --datadir="$data" --initialize-insecure
  umask 077
  cat >/run/first.sql <<SQL
ALTER USER root@localhost IDENTIFIED BY '$MYSQL_ROOT_PASSWORD';
CREATE DATABASE \`$MYSQL_DATABASE\`;
CREATE USER '$MYSQL_USER'@'%' IDENTIFIED BY '$MYSQL_PASSWORD';
GRANT ALL PRIVILEGES ON \`$MYSQL_DATABASE\`.* TO '$MYSQL_USER'@'%';
SQL
  chown mysql:mysql /run/first.sql
  set -- --init-file=/run/first.sql "$@"
fi
exec mysqld --user=mysql --datadir="$data" --skip-name-resolve --secure-file-priv=NULL "$@"
