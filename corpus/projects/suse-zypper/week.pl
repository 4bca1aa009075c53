#!/usr/bin/perl
use strict;
use warnings;

my @days = qw(Monday Tuesday Wednesday Thursday Friday Saturday Sunday);
print "first day of the week: $days[0]\n";
